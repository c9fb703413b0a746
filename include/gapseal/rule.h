/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_RULE_H
#define GAPSEAL_RULE_H

#include <stddef.h>

/*
 * rule: what the office's lint holds a profile and a CSV to. Each rule has a code, a stable word; a
 * severity: an error stops the compile, a warning is most likely a mistake, a notice only tells; and a
 * sentence. gapseal(1) lists the same table.
 */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTICE };

enum rule {
	/* the form of a profile */
	RULE_CONFIG_FORM, RULE_CONFIG_SECTION, RULE_CONFIG_OPTION, RULE_CONFIG_VALUE, RULE_PROFILE_TITLE,
	RULE_PROFILE_EMPTY, RULE_PROFILE_COUNT, RULE_PROFILE_NAME, RULE_PROFILE_MISSING, RULE_PROFILE_OPTION,
	RULE_PROFILE_VALUE, RULE_PROFILE_POLICY, RULE_POLICY_FAMILY, RULE_TEMPLATE_FORM,
	/* its slots */
	RULE_SLOT_TAG, RULE_SLOT_TWICE, RULE_SLOT_STATE, RULE_SLOT_HALF, RULE_TAG_KNOWN,
	/* certificates that are the same for all devices */
	RULE_PEM_FILE, RULE_PEM_SIZE, RULE_PEM_NONE, RULE_PEM_PARSE, RULE_PEM_WEAK, RULE_PEM_VERSION,
	RULE_PEM_EXPIRED, RULE_PEM_NO_CA,
	/* the form of a CSV */
	RULE_CSV_EMPTY, RULE_CSV_UTF16, RULE_CSV_SEPARATOR, RULE_CSV_HEADER, RULE_CSV_COLUMN_TWICE,
	RULE_CSV_COLUMNS, RULE_CSV_IMEI, RULE_CSV_ROWS, RULE_CSV_BLANK, RULE_CSV_LINE, RULE_CSV_QUOTE,
	RULE_CSV_FIELDS, RULE_CSV_FIELD, RULE_CSV_CONTROL, RULE_CSV_UTF8, RULE_CSV_COLUMN,
	/* IMEIs */
	RULE_IMEI_LENGTH, RULE_IMEI_DIGITS, RULE_IMEI_ZERO, RULE_IMEI_CHECK_DIGIT, RULE_IMEI_DUPLICATE,
	/* lots */
	RULE_LOT_NAME, RULE_LOT_SIZE, RULE_LOT_COUNT, RULE_LOT_UNKNOWN, RULE_LOT_SLOTS, RULE_LOT_TAC,
	/* what the columns give the devices */
	RULE_CSV_MISSING, RULE_CSV_UNUSED, RULE_FIELD_EMPTY, RULE_FIELD_BLANK, RULE_TEMPLATE_COLUMN,
	RULE_TEMPLATE_SECRET, RULE_TEMPLATE_CONSTANT, RULE_PSK_HEX, RULE_PSK_ODD, RULE_PSK_SHORT,
	RULE_PSK_DUPLICATE, RULE_PSK_LONG, RULE_PSK_TEXT, RULE_PSK_CASE, RULE_IDENTITY_DUPLICATE,
	RULE_IDENTITY_COLON, RULE_CONTENT_BYTE, RULE_CONTENT_SIZE, RULE_RECORD_SIZE,
	/* certificates and keys of the devices */
	RULE_CN_SIZE, RULE_CN_BYTE, RULE_CN_DUPLICATE, RULE_CERT_KEY, RULE_CERT_OUTLIVES, RULE_PLAN_CA,
	RULE_PATH_FORM, RULE_PATH_FILE, RULE_PATH_MODE, RULE_PATH_DUPLICATE, RULE_KEY_NONE, RULE_KEY_MATCH,
	RULE_KEY_PASSWORD,
	RULES
};

struct lint_rule {
	const char *code;
	enum severity severity;
	const char *text;
};
/* The i-th rule, which is that of enum rule; NULL beyond the last. */
const struct lint_rule *lint_rule(size_t i);
/* The rule with a code, RULES if none has it. */
enum rule rule_of(const char *code);
/* "error", "warning", "notice". */
const char *severity_name(enum severity severity);

#endif
