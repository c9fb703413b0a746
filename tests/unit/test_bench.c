/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <errno.h>
#include <libserialport.h>

#include "gapseal/bench.h"
#include "usb_tree.h"

/*
 * What libserialport finds is said here: its functions stand in front of the library's. Where it is plugged in
 * says a small sysfs in a folder.
 */
struct sp_port {
	const char *name;
	enum sp_transport transport;
	int vendor, product;
	const char *serial;
};

static struct {
	struct sp_port ports[64];
	struct sp_port *list[65];
	size_t count;
	bool fails;
	int lists;
} fake;

enum sp_return sp_list_ports(struct sp_port ***list)
{
	if (fake.fails)
		return SP_ERR_FAIL;
	for (size_t i = 0; i < fake.count; i++)
		fake.list[i] = &fake.ports[i];
	fake.list[fake.count] = NULL;
	fake.lists++;
	*list = fake.list;
	return SP_OK;
}

void sp_free_port_list(struct sp_port **list)
{
	assert_ptr_equal(list, fake.list);
	fake.lists--;
}

char *sp_get_port_name(const struct sp_port *port)
{
	return (char *)(uintptr_t)port->name;
}

enum sp_transport sp_get_port_transport(const struct sp_port *port)
{
	return port->transport;
}

enum sp_return sp_get_port_usb_vid_pid(const struct sp_port *port, int *vendor, int *product)
{
	if (port->vendor < 0)
		return SP_ERR_SUPP;
	*vendor = port->vendor;
	*product = port->product;
	return SP_OK;
}

char *sp_get_port_usb_serial(const struct sp_port *port)
{
	return (char *)(uintptr_t)port->serial;
}

static const struct port_settings settings = {.baud = 57600, .flow = PORT_FLOW_RTSCTS};
static struct bench bench;
static struct fault fault;
static char said[4096];

static int setup(void **state)
{
	(void)state;
	tree_make();
	memset(&fake, 0, sizeof fake);
	bench = BENCH_EMPTY;
	bench.sysfs = place_path;
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(fake.lists, 0);
	place_remove();
	return 0;
}

static void plug_in(const char *device, const char *where, int vendor, int product, const char *serial)
{
	char target[256];

	snprintf(target, sizeof target, USB_ROOT "%s/tty/%s", where, device + strlen("/dev/"));
	tree_link(device + strlen("/dev/"), target);
	fake.ports[fake.count++] = (struct sp_port){device, SP_TRANSPORT_USB, vendor, product, serial};
}

static void hear(void *context, const char *line)
{
	assert_ptr_equal(context, &bench);
	strncat(said, line, sizeof said - strlen(said) - 2);
	strcat(said, "\n");
}

static enum err find(void)
{
	return bench_find(&bench, &settings, hear, &bench, &fault);
}

/* "NAME PATH,NAME PATH" */
static void assert_bench(const char *expected)
{
	struct buffer got = BUFFER_EMPTY;

	for (unsigned i = 0; i < bench.count; i++)
		buffer_format(&got, "%s%s %s", i > 0 ? "," : "", bench.ports[i].name, bench.ports[i].path);
	buffer_byte(&got, '\0');
	assert_string_equal((const char *)got.data, expected);
	buffer_free(&got);
}

static void assert_fault(enum err err, const char *code, const char *where)
{
	assert_int_equal(err, ERR_CANNOT);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, where);
}

static void test_kits(void **state)
{
	(void)state;
	/* VCOM1 before VCOM0, as the numbers of the devices may be */
	plug_in("/dev/ttyACM0", "1-3/1-3:1.2", 0x1366, 0x1059, "001051216197");
	plug_in("/dev/ttyACM1", "1-3/1-3:1.0", 0x1366, 0x1059, "001051216197");
	plug_in("/dev/ttyACM2", "1-1/1-1.10/1-1.10:1.1", 0x1366, 0x1055, "000960012345");
	plug_in("/dev/ttyACM3", "1-1/1-1.10/1-1.10:1.3", 0x1366, 0x1055, "000960012345");
	plug_in("/dev/ttyACM4", "1-1/1-1.10/1-1.10:1.5", 0x1366, 0x1055, "000960012345");
	plug_in("/dev/ttyACM5", "1-1/1-1.9/1-1.9:1.0", 0x1915, 0x910a, "THINGY91X_F0A1");
	plug_in("/dev/ttyACM6", "1-1/1-1.9/1-1.9:1.2", 0x1915, 0x910a, "THINGY91X_F0A1");
	plug_in("/dev/ttyACM7", "1-4/1-4:1.0", 0x1915, 0x9100, "PCA20035_77");
	plug_in("/dev/ttyACM8", "1-5/1-5:1.0", 0x1915, 0x9100, "THINGY91_11");
	assert_int_equal(find(), ERR_OK);
	assert_bench("usb-1-1.9 usb:1-1.9,usb-1-1.10 usb:1-1.10,usb-1-3 usb:1-3,usb-1-4 usb:1-4,usb-1-5 usb:1-5");
	assert_string_equal(said, ""); /* nobody asks for the second line of a kit */
	assert_int_equal(bench.ports[4].settings.baud, 57600);
	assert_int_equal(bench.ports[4].settings.flow, PORT_FLOW_RTSCTS);
}

static void test_left_out(void **state)
{
	(void)state;
	plug_in("/dev/ttyACM0", "1-1/1-1:1.2", 0x1366, 0x1059, "000960100001"); /* nRF5340 DK */
	plug_in("/dev/ttyACM1", "1-2/1-2:1.0", 0x1366, 0x1059, "001050000001");
	plug_in("/dev/ttyACM2", "1-3/1-3:1.0", 0x1366, 0x1059, "001050700001"); /* nRF7002 DK */
	plug_in("/dev/ttyACM3", "1-4/1-4:1.0", 0x1366, 0x1059, "001057700001"); /* nRF54L15 DK */
	plug_in("/dev/ttyACM4", "1-5/1-5:1.0", 0x1366, 0x0105, "000440000001"); /* somebody's J-Link */
	plug_in("/dev/ttyACM5", "1-6/1-6:1.0", 0x1366, 0x0105, NULL);
	plug_in("/dev/ttyACM6", "1-7/1-7:1.0", 0x1915, 0x520f, "THINGY91_11");
	plug_in("/dev/ttyACM7", "1-8/1-8:1.0", 0x1915, 0x0001, "PPK2");
	plug_in("/dev/ttyUSB0", "1-9/1-9:1.0/ttyUSB0", 0x2c7c, 0x0125, "");    /* another maker's modem */
	plug_in("/dev/ttyACM8", "1-10/1-10:1.0", 0x2341, 0x0043, "001051200000");
	assert_fault(find(), "ports-none", "");
	assert_string_equal(said,
	    "usb-1-1: /dev/ttyACM0, left out: a kit without an nRF91\n"
	    "usb-1-2: /dev/ttyACM1, left out: a kit without an nRF91\n"
	    "usb-1-3: /dev/ttyACM2, left out: a kit without an nRF91\n"
	    "usb-1-4: /dev/ttyACM3, left out: a kit without an nRF91\n"
	    "usb-1-5: /dev/ttyACM4, left out: a debug probe of no known kit\n"
	    "usb-1-6: /dev/ttyACM5, left out: a debug probe of no known kit\n"
	    "usb-1-7: /dev/ttyACM6, left out: in its bootloader\n"
	    "usb-1-8: /dev/ttyACM7, left out: a kit without an nRF91\n"
	    "usb-1-9: /dev/ttyUSB0, left out: neither an nRF91 kit nor a known serial adapter\n"
	    "usb-1-10: /dev/ttyACM8, left out: neither an nRF91 kit nor a known serial adapter\n");
	assert_int_equal(bench.count, 0);
	assert_int_equal(bench_find(&bench, &settings, NULL, NULL, &fault), ERR_CANNOT);
}

/* An adapter with several lines has a port for each; the first one has the name one with a single line has. */
static void test_adapters(void **state)
{
	(void)state;
	plug_in("/dev/ttyUSB3", "1-1/1-1:1.1/ttyUSB3", 0x0403, 0x6011, "FT1");
	plug_in("/dev/ttyUSB2", "1-1/1-1:1.0/ttyUSB2", 0x0403, 0x6011, "FT1");
	plug_in("/dev/ttyUSB0", "1-2/1-2:1.0/ttyUSB0", 0x10c4, 0xea60, "0001");
	plug_in("/dev/ttyUSB1", "1-3/1-3:1.0/ttyUSB1", 0x067b, 0x2303, NULL);
	plug_in("/dev/ttyUSB4", "1-4/1-4:1.0/ttyUSB4", 0x1a86, 0x7523, NULL);
	plug_in("/dev/ttyUSB5", "1-4/1-4:1.0/ttyUSB5", 0x1a86, 0x7523, NULL);
	assert_int_equal(find(), ERR_OK);
	assert_bench("usb-1-1 usb:1-1:1.0,usb-1-1-if1 usb:1-1:1.1,usb-1-2 usb:1-2:1.0,usb-1-3 usb:1-3:1.0,"
	    "usb-1-4 usb:1-4:1.0");
	assert_string_equal(said, "usb-1-4: /dev/ttyUSB5, left out: another line of the same interface comes first\n");
}

static void test_not_on_usb(void **state)
{
	static const char too_long[] = "/dev/tty0123456789012345678901234567890123456789012345678901234";

	(void)state;
	plug_in("/dev/ttyUSB5", "1-1/1-1:1.0/ttyUSB5", 0x0403, 0x6001, NULL);
	fake.ports[0].transport = SP_TRANSPORT_BLUETOOTH;
	fake.ports[1] = (struct sp_port){"/dev/ttyS0", SP_TRANSPORT_NATIVE, 0x0403, 0x6001, NULL};
	fake.ports[2] = (struct sp_port){"/dev/ttyUSB0", SP_TRANSPORT_USB, -1, 0, NULL};       /* gone again */
	fake.ports[3] = (struct sp_port){"/dev/ttyUSB1", SP_TRANSPORT_USB, 0x0403, 0x6001, NULL}; /* gone since */
	fake.ports[4] = (struct sp_port){too_long, SP_TRANSPORT_USB, 0x0403, 0x6001, NULL};
	fake.ports[5] = (struct sp_port){NULL, SP_TRANSPORT_USB, 0x0403, 0x6001, NULL};
	fake.count = 6;
	assert_fault(find(), "ports-none", "");
	fake.fails = true;
	assert_fault(find(), "port-list", "");
}

/* What has a name is not found once more, under whatever path it was given. */
static void test_named_before(void **state)
{
	(void)state;
	plug_in("/dev/ttyUSB0", "1-1/1-1:1.0/ttyUSB0", 0x0403, 0x6001, "A");
	plug_in("/dev/ttyUSB1", "1-2/1-2:1.0/ttyUSB1", 0x0403, 0x6001, "B");
	plug_in("/dev/ttyUSB2", "1-3/1-3:1.0/ttyUSB2", 0x0403, 0x6001, "C");
	assert_int_equal(bench_give(&bench, "zero=usb:1-2", &settings, &fault), ERR_OK);
	assert_int_equal(bench_give(&bench, "/dev/ttyUSB2", &settings, &fault), ERR_OK);
	assert_int_equal(find(), ERR_OK);
	assert_bench("zero usb:1-2,ttyUSB2 /dev/ttyUSB2,usb-1-1 usb:1-1:1.0");
	assert_true(bench_holds(&bench, "/dev/ttyUSB0"));
	assert_false(bench_holds(&bench, "/dev/ttyUSB4"));
	assert_int_equal(find(), ERR_OK); /* nothing new, but not nothing */
	assert_int_equal(bench.count, 3);
}

static void test_too_many(void **state)
{
	static char devices[BENCH_MAX + 1][32];
	char where[64];

	(void)state;
	for (int i = 0; i <= BENCH_MAX; i++) {
		snprintf(devices[i], sizeof devices[i], "/dev/ttyUSB%d", i);
		snprintf(where, sizeof where, "1-%d/1-%d:1.0/ttyUSB%d", i + 1, i + 1, i);
		plug_in(devices[i], where, 0x0403, 0x6001, "");
	}
	assert_fault(find(), "ports-many", "usb-1-33");
	assert_int_equal(bench.count, BENCH_MAX);
}

static void give(const char *text)
{
	if (bench_give(&bench, text, &settings, &fault) != ERR_OK)
		fail_msg("%s: %s", text, fault.text);
}

static void test_given(void **state)
{
	char longest[400];

	(void)state;
	give("left=/dev/ttyUSB0");
	give("/dev/serial/by-id/usb-x");
	give("tcp:127.0.0.1:4001");
	give("rtt=tcp:[::1]:9090");
	give("by-id=/dev/a=b");
	assert_bench("left /dev/ttyUSB0,usb-x /dev/serial/by-id/usb-x,tcp:127.0.0.1:4001 tcp:127.0.0.1:4001,"
	    "rtt tcp:[::1]:9090,by-id /dev/a=b");
	assert_fault(bench_give(&bench, "left=/dev/ttyUSB1", &settings, &fault), "port-twice", "left");
	assert_fault(bench_give(&bench, "right=/dev/ttyUSB0", &settings, &fault), "port-twice", "right");
	assert_fault(bench_give(&bench, "Left=/dev/ttyUSB2", &settings, &fault), "name-form", "Left");
	assert_fault(bench_give(&bench, "=/dev/ttyUSB2", &settings, &fault), "name-form", "");
	assert_fault(bench_give(&bench, "a=", &settings, &fault), "port-address", "");
	assert_fault(bench_give(&bench, "/dev/", &settings, &fault), "name-form", "/dev/");
	assert_fault(bench_give(&bench, "/dev/a-name-that-is-forty-characters-long-just", &settings, &fault), "name-form",
	    "/dev/a-name-that-is-forty-characters-long-just");
	assert_fault(bench_give(&bench, "a23456789012345678901234567890123456789x=/dev/a", &settings, &fault), "name-form",
	    "a23456789012345678901234567890123456789x");
	assert_fault(bench_give(&bench, "a=usb:1-2.", &settings, &fault), "port-address", "usb:1-2.");
	assert_fault(bench_give(&bench, "a=tcp:localhost:1", &settings, &fault), "port-address", "tcp:localhost:1");
	assert_fault(bench_give(&bench, "a=tcp:192.0.2.1:1", &settings, &fault), "port-remote", "tcp:192.0.2.1:1");
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "a=/", 3);
	longest[2 + BENCH_PATH_SIZE] = '\0';
	assert_fault(bench_give(&bench, longest, &settings, &fault), "name-form", "a");
	longest[1 + BENCH_PATH_SIZE] = '\0';
	give(longest);
	assert_int_equal(bench.count, 6);
}

/* Two names of one device: links are looked through. */
static void test_links(void **state)
{
	char given[400];

	(void)state;
	assert_int_equal(symlinkat("/dev/null", place, "link"), 0);
	give("null=/dev/null");
	snprintf(given, sizeof given, "link=%s/link", place_path);
	assert_fault(bench_give(&bench, given, &settings, &fault), "port-twice", "link");
}

static enum err read_ports(const char *text)
{
	place_put("ports", text, strlen(text));
	return bench_read(&bench, place, "ports", &settings, &fault);
}

static void test_file(void **state)
{
	(void)state;
	assert_int_equal(read_ports("# the bench\r\n\n  \t\nleft = /dev/ttyUSB0\r\nright=usb:1-2.3:1.0 flow none # cable\n"
	    "\tthird =tcp:127.0.0.1:4001 baud 9600\tflow xonxoff\nfourth= /dev/a#b=c #\nlast = /dev/ttyUSB9 baud 4000000"),
	    ERR_OK);
	assert_bench("left /dev/ttyUSB0,right usb:1-2.3:1.0,third tcp:127.0.0.1:4001,fourth /dev/a#b=c,last /dev/ttyUSB9");
	assert_true(bench.ports[0].settings.baud == 57600 && bench.ports[0].settings.flow == PORT_FLOW_RTSCTS);
	assert_true(bench.ports[1].settings.baud == 57600 && bench.ports[1].settings.flow == PORT_FLOW_NONE);
	assert_true(bench.ports[2].settings.baud == 9600 && bench.ports[2].settings.flow == PORT_FLOW_XONXOFF);
	assert_int_equal(bench.ports[4].settings.baud, 4000000);
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text, *code, *where;
	} cases[] = {
		{"left\n", "ports-form", "ports:1"},
		{"\nleft /dev/ttyUSB0\n", "ports-form", "ports:2"},
		{"left =\n", "ports-form", "ports:1"},
		{"left = # /dev/ttyUSB0\n", "ports-form", "ports:1"},
		{"left = /dev/a baud\n", "ports-form", "ports:1"},
		{"left = /dev/a baud # 9600\n", "ports-form", "ports:1"},
		{"left = /dev/a baud 1199\n", "ports-form", "ports:1"},
		{"left = /dev/a baud 4000001\n", "ports-form", "ports:1"},
		{"left = /dev/a baud 0115200\n", "ports-form", "ports:1"},
		{"left = /dev/a baud 9600 baud 9600\n", "ports-form", "ports:1"},
		{"left = /dev/a flow none flow none\n", "ports-form", "ports:1"},
		{"left = /dev/a flow dtrdsr\n", "ports-form", "ports:1"},
		{"left = /dev/a parity even\n", "ports-form", "ports:1"},
		{"left = /dev/a /dev/b\n", "ports-form", "ports:1"},
		{"left = /dev/\xc3\xa4\n", "ports-form", "ports:1"},
		{"left = /dev/a\r\r\n", "ports-form", "ports:1"},
		{"Left = /dev/a\n", "name-form", "ports:1"},
		{"= /dev/a\n", "name-form", "ports:1"},
		{"a = /dev/a\nb = /dev/b\na = /dev/c\n", "port-twice", "ports:3"},
		{"a = /dev/a\nb = /dev/a\n", "port-twice", "ports:2"},
		{"a = tcp:192.0.2.1:4001\n", "port-remote", "ports:1"},
		{"a = tcp:localhost:4001\n", "port-address", "ports:1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bench.count = 0;
		assert_int_equal(read_ports(cases[i].text), ERR_CANNOT);
		if (strcmp(fault.code, cases[i].code) != 0 || strcmp(fault.where, cases[i].where) != 0)
			fail_msg("%s: %s %s", cases[i].text, fault.code, fault.where);
	}
	place_put("ports", "a = /dev/a\0b\n", 13);
	bench.count = 0;
	assert_fault(bench_read(&bench, place, "ports", &settings, &fault), "ports-form", "ports:1");
	assert_fault(bench_read(&bench, place, "none", &settings, &fault), "file-open", "none");
}

#define BENCH_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_kits),
		BENCH_TEST(test_left_out),
		BENCH_TEST(test_adapters),
		BENCH_TEST(test_not_on_usb),
		BENCH_TEST(test_named_before),
		BENCH_TEST(test_too_many),
		BENCH_TEST(test_given),
		BENCH_TEST(test_links),
		BENCH_TEST(test_file),
		BENCH_TEST(test_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
