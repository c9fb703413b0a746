/* SPDX-License-Identifier: ISC */
/* Files that name the ports of a bench. */
#include "fuzz.h"
#include "gapseal/bench.h"

#define CODES "ports-form name-form port-twice ports-many port-address port-remote file-size"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct port_settings settings = {.baud = 115200};
	static struct bench bench;
	struct fault fault = {0};
	enum err err;

	bench = BENCH_EMPTY;
	fuzz_file("ports", bytes_from(data, size));
	err = bench_read(&bench, fuzz_folder(), "ports", &settings, &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, CODES);
	FUZZ_WANT(bench.count <= BENCH_MAX);
	for (unsigned i = 0; i < bench.count; i++) {
		const struct bench_port *port = &bench.ports[i];

		FUZZ_WANT(text_is_name(bytes_of(port->name)) && text_is_printable(bytes_of(port->path)));
		FUZZ_WANT(port->settings.baud >= PORT_BAUD_MIN && port->settings.baud <= PORT_BAUD_MAX);
		FUZZ_WANT(port->provision.pace_bytes <= PROVISION_PACE_MAX);
		FUZZ_WANT(port->provision.line_limit <= PROVISION_LINE_MAX);
	}
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "left  = usb:1-2.3            baud 115200  flow rtscts\n"
	    "right = /dev/serial/by-id/usb-FTDI_TTL232R-3V3_FT000002-if00-port0\n"
	    "rtt   = tcp:127.0.0.1:9090   # OpenOCD\n"
	    "shell = usb:1-2.4            dialect shell  line_limit 3072  pacing 12/10\n"
	    "# none\n\nx = /dev/ttyUSB0 terminator crlf\r\n");
	corpus_text(corpus, "cr = tcp:[::1]:1 dialect cred\nat = tcp:10.0.0.1:1 dialect at\n");
}
