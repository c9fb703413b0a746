/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/usb.h"
#include "usb_tree.h"

static int setup(void **state)
{
	(void)state;
	tree_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	place_remove();
	return 0;
}

static void test_forms(void **state)
{
	static const char *const bad[] = {
		"", "usb:", "usb:1", "usb:1-", "usb:-1", "usb:1-2.", "usb:1-2..3", "usb:1-.2", "usb:01-2",
		"usb:1-02", "usb:1-2 ", " usb:1-2", "usb:1-2:", "usb:1-2:1", "usb:1-2:1.", "usb:1-2:1.0.0",
		"usb:1-2:1.0:1.1", "usb:256-1", "usb:1-256", "usb:1-2:1.256", "usb:1-2/..", "usb:a-b", "USB:1-2",
		"1-2", "usb:1-2:01.0", "usb:1-2.+3", "usb:111-111.111.111.111.111.111.1",
	};
	struct usb_place found;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (usb_parse(&found, bad[i]))
			fail_msg("%s", bad[i]);
	assert_true(usb_is_place("usb:nonsense"));
	assert_false(usb_is_place("/dev/usb:1-2"));
	assert_true(usb_parse(&found, "usb:1-2.3"));
	assert_string_equal(found.chain, "1-2.3");
	assert_true(found.whole);
	assert_true(usb_parse(&found, "usb:255-0.10.255:2.13"));
	assert_string_equal(found.chain, "255-0.10.255");
	assert_true(!found.whole && found.configuration == 2 && found.interface == 13);
}

static void test_place_of(void **state)
{
	struct usb_place found;

	(void)state;
	tree_link("ttyUSB0", USB_ROOT "1-2/1-2.3/1-2.3:1.0/ttyUSB0/tty/ttyUSB0");
	tree_link("ttyACM0", USB_ROOT "1-10/1-10:1.2/tty/ttyACM0");
	assert_true(usb_place_of(&found, place_path, "/dev/ttyUSB0"));
	assert_string_equal(found.chain, "1-2.3");
	assert_true(!found.whole && found.configuration == 1 && found.interface == 0);
	assert_true(usb_place_of(&found, place_path, "/dev/ttyACM0"));
	assert_string_equal(found.chain, "1-10");
	assert_int_equal(found.interface, 2);
	assert_false(usb_place_of(&found, place_path, "/dev/tty0"));
	assert_false(usb_place_of(&found, place_path, "/dev/ttyS0"));
	assert_false(usb_place_of(&found, place_path, "/dev/ttyUSB1"));
	assert_false(usb_place_of(&found, place_path, "ttyUSB0"));
	assert_false(usb_place_of(&found, place_path, "/tty/ttyUSB0"));
	tree_link("ttyX0", USB_ROOT "1-7/tty/ttyX0"); /* no interface, no place */
	assert_false(usb_place_of(&found, place_path, "/dev/ttyX0"));
	assert_false(usb_place_of(&found, "/nonexistent", "/dev/ttyUSB0"));
}

static void assert_at(const char *text, const char *expected)
{
	char device[USB_DEVICE_SIZE] = "";
	bool found = usb_device_at(device, place_path, text);

	if (found != (expected != NULL) || (found && strcmp(device, expected) != 0))
		fail_msg("%s: %s", text, found ? device : "nothing");
}

static void test_device_at(void **state)
{
	(void)state;
	tree_link("ttyUSB7", USB_ROOT "1-2/1-2.3/1-2.3:1.0/ttyUSB7/tty/ttyUSB7");
	tree_link("ttyUSB1", USB_ROOT "1-2/1-2.30/1-2.30:1.0/ttyUSB1/tty/ttyUSB1");
	tree_link("ttyUSB2", USB_ROOT "1-2/1-2:1.0/ttyUSB2/tty/ttyUSB2");
	tree_link("ttyACM2", USB_ROOT "1-4/1-4:1.10/tty/ttyACM2"); /* in the order of interfaces, not names */
	tree_link("ttyACM3", USB_ROOT "1-4/1-4:1.2/tty/ttyACM3");
	tree_link("ttyUSB10", USB_ROOT "1-5/1-5:1.0/ttyUSB10/tty/ttyUSB10"); /* two lines of one interface */
	tree_link("ttyUSB9", USB_ROOT "1-5/1-5:1.0/ttyUSB9/tty/ttyUSB9");
	assert_at("usb:1-2.3", "/dev/ttyUSB7");
	assert_at("usb:1-2.3:1.0", "/dev/ttyUSB7");
	assert_at("usb:1-2.3:1.1", NULL);
	assert_at("usb:1-2.3:2.0", NULL);
	assert_at("usb:1-2.30", "/dev/ttyUSB1");
	assert_at("usb:1-2", "/dev/ttyUSB2");
	assert_at("usb:2-2", NULL);
	assert_at("usb:1-4", "/dev/ttyACM3");
	assert_at("usb:1-4:1.10", "/dev/ttyACM2");
	assert_at("usb:1-5", "/dev/ttyUSB9");
	assert_at("usb:1-3", NULL);
	assert_at("usb:nonsense", NULL);
	assert_at("/dev/ttyUSB7", NULL);
}

/* The same place, another device: a board that was taken off and put back. */
static void test_plugged_anew(void **state)
{
	(void)state;
	tree_link("ttyACM0", USB_ROOT "1-1/1-1:1.0/tty/ttyACM0");
	assert_at("usb:1-1", "/dev/ttyACM0");
	assert_int_equal(unlinkat(place, "class/tty/ttyACM0", 0), 0);
	assert_at("usb:1-1", NULL);
	tree_link("ttyACM0", USB_ROOT "1-2/1-2:1.0/tty/ttyACM0");
	tree_link("ttyACM1", USB_ROOT "1-1/1-1:1.0/tty/ttyACM1");
	assert_at("usb:1-1", "/dev/ttyACM1");
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		TREE_TEST(test_place_of),
		TREE_TEST(test_device_at),
		TREE_TEST(test_plugged_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
