/* SPDX-License-Identifier: ISC */
#include "gapseal/reason.h"

#include <string.h>

/*
 * Grouped by what the operator looks at. A class says whose fault it is: device (this unit), fixture (port,
 * cable, supply, jig), data (batch, grant, record, policy), station (this computer), operator (a decision or
 * a habit of a person).
 */
static const struct reason reasons[] = {
	{"none", "none", "ship",
	    "the modem lists exactly what was planned"},

	/* the device's identity */
	{"imei-none", "device", "quarantine",
	    "the modem has no IMEI: it was never programmed, set the unit aside"},
	{"imei-zero", "device", "quarantine",
	    "the modem's IMEI is all zeros: set the unit aside"},
	{"imei-malformed", "device", "quarantine",
	    "the modem's IMEI is not 15 digits: set the unit aside"},
	{"imei-check-digit", "device", "quarantine",
	    "the check digit of the modem's IMEI is wrong: set the unit aside"},
	{"imei-changed", "operator", "retry",
	    "another device took this one's place before it was finished: present each one again and wait "
	    "for its verdict"},
	{"imei-twice", "device", "quarantine",
	    "two devices at this station show the same IMEI: set both aside and call the supervisor"},
	{"firmware-pti", "device", "repair",
	    "the modem runs a production-test image: flash its shipping firmware first, then present it "
	    "again"},
	{"firmware-family", "device", "quarantine",
	    "the modem is of a family this batch is not made for"},
	{"firmware-old", "device", "repair",
	    "the modem firmware is older than this batch allows: update it first, then present the unit "
	    "again"},
	{"firmware-unknown", "device", "repair",
	    "the modem's firmware has no version that can be compared with what this batch asks for"},

	/* what the batch and its grants say of the device */
	{"not-in-batch", "operator", "quarantine",
	    "no batch open at this station holds this device: check that it belongs to this work order"},
	{"superseded", "data", "call",
	    "a newer batch replaces this device's record: the newer batch must be granted here"},
	{"revoked", "data", "call",
	    "the batch or its grant was revoked: do not go on, call the supervisor"},
	{"grant-not-yet", "data", "call",
	    "the grant for this lot is not valid yet: check the station's clock, then call"},
	{"grant-expired", "data", "call",
	    "the grant for this lot has expired: a new one is needed from the office"},
	{"max-success", "data", "call",
	    "the grant's number of devices is used up: a new one is needed from the office"},
	{"lot-closed", "data", "call",
	    "this lot was closed and its key destroyed: nothing more can be done for it here"},
	{"record-path", "data", "call",
	    "this device's record is not under the signed root: ingest the batch again from its medium"},
	{"record-open", "data", "call",
	    "this device's record does not open with the granted key: keep the unit and call the supervisor"},
	{"record-imei", "data", "call",
	    "this device's record names another device: do not go on, call the supervisor"},
	{"record-contents", "data", "call",
	    "this device's record holds what this program cannot carry out: call the supervisor"},
	{"record-slots", "data", "call",
	    "this device's record touches slots its manifest does not name: call the supervisor"},
	{"kind-unsupported", "data", "call",
	    "this device keeps credentials in a shell of its own, where a planned one is of no use: the batch "
	    "is not made for it"},
	{"digest-form", "data", "call",
	    "this device lists digests over content and a NUL, which the batch does not allow as proof"},
	{"keygen-unsupported", "data", "call",
	    "this batch wants keys made inside the modem, which this program cannot do: call the supervisor"},
	{"rehearsal", "data", "quarantine",
	    "this is a rehearsal batch and the device is not for it"},

	/* its history */
	{"changed-after-done", "device", "quarantine",
	    "this device was done before and no longer lists what was written: find out who changed it"},
	{"done-uncompared", "operator", "call",
	    "this device is done, and what it lists can be compared only with its record open: release it to "
	    "have it checked"},
	{"attempts-used", "device", "quarantine",
	    "this device failed as often as the batch allows: set it aside for repair"},
	{"void", "operator", "quarantine",
	    "this device was declared void and must not be provisioned or shipped"},
	{"rework-never", "data", "quarantine",
	    "this device is done and the batch does not allow it to be done again"},
	{"interrupted", "station", "retry",
	    "an earlier presentation of this device was cut off and its end is not known: present it again"},

	/* the label scanned */
	{"label-missing", "operator", "retry",
	    "the device's IMEI label is wanted and was not scanned: present the device again and scan it"},
	{"label-differs", "operator", "quarantine",
	    "the IMEI label scanned is not the one of the modem at this port: check label and board"},
	{"unit-missing", "operator", "retry",
	    "the batch wants the unit's label scanned: scan it and present the unit again"},
	{"unit-differs", "operator", "quarantine",
	    "the label scanned is not the one of the device at this port: check board and label"},

	/* what the slots hold */
	{"slot-occupied", "device", "quarantine",
	    "a slot that must be empty already holds a credential: set the unit aside"},
	{"slot-different", "device", "quarantine",
	    "a slot already holds another credential than planned and the batch forbids replacing it"},
	{"slot-missing", "device", "repair",
	    "a credential that should already be in the modem is not there"},
	{"slot-remains", "device", "repair",
	    "a credential that was to be deleted is still listed: present the unit again once"},
	{"not-listed", "device", "retry",
	    "the modem does not list a credential that was written: present the unit again once"},
	{"digest-differs", "device", "retry",
	    "the modem lists another digest than planned for a credential: present the unit again once"},
	{"digest-placeholder", "device", "repair",
	    "the modem firmware lists no real digest and so proves nothing: update the firmware"},

	/* what the modem answered */
	{"offline-refused", "device", "repair",
	    "the modem cannot be put offline: the application on the device keeps it online or its "
	    "firmware is wrong"},
	{"cme-514", "data", "call",
	    "the modem allows no access to a planned slot (514): the plan does not suit this firmware"},
	{"cme-515", "device", "repair",
	    "the modem's credential store is full (515): have old credentials removed from this unit"},
	{"cme-518", "device", "retry",
	    "the modem went online while it was written (518): keep the application from connecting, then "
	    "present it again"},
	{"cme-519", "device", "repair",
	    "a slot stays occupied although it was deleted (519): have the unit examined"},
	{"cme-527", "data", "call",
	    "the modem rejects a certificate as invalid (527): the batch's data is at fault, stop and call"},
	{"cme-528", "fixture", "other-fixture",
	    "the modem warns of low supply voltage (528): check the fixture's power supply and contacts"},
	{"cme-other", "device", "repair",
	    "the modem refused a command with an error: its number is in the log"},
	{"cme-none", "fixture", "retry",
	    "a command was refused without a number, as a garbled one is: check cable, ground and flow "
	    "control, then present the unit again"},
	{"line-limit", "station", "call",
	    "a credential does not fit the line or buffer of this device's shell: give the station its true "
	    "line limit, or the device larger ones"},
	{"finish-failed", "device", "retry",
	    "everything is written and listed but the modem would not power down: present the unit again"},
	{"attestation-missing", "device", "quarantine",
	    "the modem gave no attestation token and the batch requires one: set the unit aside"},

	/* the line */
	{"no-modem", "fixture", "other-fixture",
	    "no modem answered at this port: check contact, power, port and baud rate"},
	{"no-answer", "fixture", "retry",
	    "the modem stopped answering: check contact, power and flow control, then present the unit "
	    "again"},
	{"garbage", "fixture", "other-fixture",
	    "what the modem answers cannot be read: check baud rate, flow control, cable and ground"},
	{"modem-reset", "fixture", "retry",
	    "the device restarted in the middle: check its power supply, then present it again"},
	{"port-gone", "fixture", "retry",
	    "the port vanished while it was used: check the cable, then present the unit again"},
	{"port-open", "fixture", "call",
	    "the port cannot be opened: check its name, its cable and this user's rights"},
	{"port-busy", "station", "call",
	    "another program uses this port: close it first"},
	{"port-kind", "operator", "call",
	    "what was given as a port is no serial port: check the port's name"},
	{"port-settings", "fixture", "other-fixture",
	    "the serial adapter does not take these settings: use another adapter"},

	/* what the station runs besides */
	{"prepare-failed", "fixture", "other-fixture",
	    "the step that prepares the fixture failed: see the station's messages, then present the unit again"},
	{"permit-refused", "operator", "quarantine",
	    "the interlock does not permit this device at this port: ask the system it comes from"},
	{"permit-failed", "station", "call",
	    "the interlock gave no answer: it could not be run, was killed or took too long"},
	{"after-failed", "fixture", "retry",
	    "everything is written and proven but the step after it failed: see the station's messages, then "
	    "present the unit again"},
	{"port-suspended", "fixture", "call",
	    "three faults of the fixture in a row: have port and fixture checked, then acknowledge"},

	/* the station */
	{"log-write", "station", "call",
	    "the station's log cannot be written: stop this line and call the supervisor"},
	{"log-unknown", "station", "call",
	    "the station's log may end in half an entry: stop this line, keep the unit and call the "
	    "supervisor"},
	{"disk-full", "station", "call",
	    "the station's disk is full: stop this line, make room, then start again"},
	{"reader", "station", "call",
	    "the station's copy of the batch cannot be read: check the disk, then ingest it again"},
	{"clock", "station", "call",
	    "the station's clock is earlier than what it has already seen: set it right, then start again"},
	{"memory", "station", "call",
	    "the station has no memory left: close other programs, then start again"},
	{"stopped", "operator", "retry",
	    "the station was stopped before this device was finished: present it again"},
	{"internal", "station", "call",
	    "the program contradicts itself: keep the unit and the log, and call the supervisor"},
};
#define REASONS (sizeof reasons / sizeof reasons[0])

const struct reason *reason_at(size_t i)
{
	return i < REASONS ? &reasons[i] : NULL;
}

const struct reason *reason_find(const char *code)
{
	if (code[0] == '\0')
		code = "none";
	for (size_t i = 0; i < REASONS; i++)
		if (strcmp(reasons[i].code, code) == 0)
			return &reasons[i];
	return &reasons[REASONS - 1]; /* "internal" is the last row */
}
