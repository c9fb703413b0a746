/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "gapseal/port.h"

/*
 * The way of a serial device through libserialport, whose functions stand here in front of the library's: the
 * "device" is a plain file, so that port_open takes that way, and the descriptor behind it a pty's. What the
 * real library does with a real adapter is for a machine that has one.
 */
struct sp_port {
	int fd;
};
struct sp_port_config {
	int unused;
};

static struct {
	char path[256];
	int master;
	struct sp_port port;
	struct sp_port_config config;
	const char *failing;      /* the function that fails */
	enum sp_return error;
	int baud, bits, stopbits;
	enum sp_parity parity;
	enum sp_flowcontrol flow;
	enum sp_dtr dtr;
	bool rounds;              /* the driver takes another baud rate than asked */
	bool forgets;             /* and no flow control */
	bool locks;               /* as libserialport after 0.1.1 does */
	int own;                  /* by which it holds that lock */
	int probe;                /* another descriptor of what was opened */
	unsigned opened, closed, freed, flushed, configs;
} fake;

static enum sp_return result(const char *name)
{
	if (fake.failing == NULL || strcmp(fake.failing, name) != 0)
		return SP_OK;
	errno = EIO;
	return fake.error;
}

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **port)
{
	assert_string_equal(name, fake.path);
	*port = NULL;
	if (result("name") == SP_OK)
		*port = &fake.port;
	return result("name");
}

enum sp_return sp_open(struct sp_port *port, enum sp_mode mode)
{
	char name[64];

	assert_int_equal(mode, SP_MODE_READ_WRITE);
	if (result("open") != SP_OK)
		return result("open");
	fake.own = open(fake.path, O_RDWR);
	if (fake.locks && flock(fake.own, LOCK_EX | LOCK_NB) != 0) {
		close(fake.own);
		return SP_ERR_FAIL;
	}
	assert_int_equal(openpty(&fake.master, &port->fd, name, NULL, NULL), 0);
	fake.probe = open(name, O_RDWR | O_NOCTTY);
	assert_true(fake.probe >= 0);
	fake.opened++;
	return SP_OK;
}

enum sp_return sp_close(struct sp_port *port)
{
	fake.closed++;
	if (port->fd < 0)
		return SP_ERR_ARG;
	close(port->fd);
	close(fake.master);
	close(fake.probe);
	close(fake.own);
	port->fd = -1;
	return SP_OK;
}

void sp_free_port(struct sp_port *port)
{
	assert_ptr_equal(port, &fake.port);
	fake.freed++;
}

int sp_last_error_code(void)
{
	return errno;
}

enum sp_return sp_get_port_handle(const struct sp_port *port, void *out)
{
	if (result("handle") == SP_OK)
		*(int *)out = port->fd;
	return result("handle");
}

enum sp_return sp_set_baudrate(struct sp_port *port, int baud)
{
	(void)port;
	fake.baud = baud;
	return result("baud");
}

enum sp_return sp_set_bits(struct sp_port *port, int bits)
{
	(void)port;
	fake.bits = bits;
	return result("bits");
}

enum sp_return sp_set_parity(struct sp_port *port, enum sp_parity parity)
{
	(void)port;
	fake.parity = parity;
	return result("parity");
}

enum sp_return sp_set_stopbits(struct sp_port *port, int stopbits)
{
	(void)port;
	fake.stopbits = stopbits;
	return result("stopbits");
}

enum sp_return sp_set_flowcontrol(struct sp_port *port, enum sp_flowcontrol flow)
{
	(void)port;
	fake.flow = flow;
	return result("flow");
}

enum sp_return sp_set_dtr(struct sp_port *port, enum sp_dtr dtr)
{
	(void)port;
	fake.dtr = dtr;
	return result("dtr");
}

enum sp_return sp_flush(struct sp_port *port, enum sp_buffer buffers)
{
	(void)port;
	assert_int_equal(buffers, SP_BUF_INPUT);
	fake.flushed++;
	return result("flush");
}

enum sp_return sp_new_config(struct sp_port_config **config)
{
	*config = &fake.config;
	fake.configs += result("config") == SP_OK;
	return result("config");
}

void sp_free_config(struct sp_port_config *config)
{
	assert_ptr_equal(config, &fake.config);
	fake.configs--;
}

enum sp_return sp_get_config(struct sp_port *port, struct sp_port_config *config)
{
	(void)port;
	(void)config;
	return result("get");
}

enum sp_return sp_get_config_baudrate(const struct sp_port_config *config, int *baud)
{
	(void)config;
	*baud = fake.rounds ? fake.baud + 1 : fake.baud;
	return SP_OK;
}

enum sp_return sp_get_config_bits(const struct sp_port_config *config, int *bits)
{
	(void)config;
	*bits = fake.bits;
	return SP_OK;
}

/* What the library calls RTS/CTS does not arrive at the driver: the flag is ours. */
int tcsetattr(int fd, int when, const struct termios *given)
{
	struct termios termios = *given;

	assert_int_equal(when, TCSANOW);
	if (fake.forgets)
		termios.c_cflag &= ~(tcflag_t)CRTSCTS;
	return fake.failing != NULL && strcmp(fake.failing, "rtscts") == 0 ? -1 : ioctl(fd, TCSETS, &termios);
}

enum sp_return sp_get_config_xon_xoff(const struct sp_port_config *config, enum sp_xonxoff *xonxoff)
{
	(void)config;
	*xonxoff = SP_XONXOFF_DISABLED;
	if (fake.flow == SP_FLOWCONTROL_XONXOFF && !fake.forgets)
		*xonxoff = SP_XONXOFF_INOUT;
	return SP_OK;
}

static struct port_settings settings;
static struct fault fault;

static int setup(void **state)
{
	const char *base = getenv("TMPDIR");
	int file;

	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.port.fd = -1;
	settings = (struct port_settings){.baud = 115200, .flow = PORT_FLOW_NONE};
	snprintf(fake.path, sizeof fake.path, "%s/gapseal-test-XXXXXX", base != NULL ? base : "/tmp");
	file = mkstemp(fake.path);
	return file < 0 ? -1 : close(file);
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(fake.opened, fake.closed);
	assert_int_equal(fake.configs, 0);
	return unlink(fake.path);
}

static void assert_refused(const char *code)
{
	struct port *port = (struct port *)&fault;

	assert_int_equal(port_open(&port, fake.path, &settings, &fault), ERR_CANNOT);
	assert_null(port);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, fake.path);
}

/* Nobody holds the device after a refusal, or after a close. */
static void assert_released(void)
{
	int other = open(fake.path, O_RDWR);

	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
}

static void test_opened_and_closed(void **state)
{
	struct port *port;
	int exclusive;

	(void)state;
	assert_int_equal(port_open(&port, fake.path, &settings, &fault), ERR_OK);
	assert_int_equal(flock(fake.probe, LOCK_EX | LOCK_NB), -1); /* the line itself is locked */
	assert_int_equal(port_fd(port), fake.port.fd);
	assert_true(fcntl(port_fd(port), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(ioctl(port_fd(port), TIOCGEXCL, &exclusive), 0);
	assert_int_equal(exclusive, 1);
	assert_true(fake.baud == 115200 && fake.bits == 8 && fake.stopbits == 1);
	assert_true(fake.parity == SP_PARITY_NONE && fake.flow == SP_FLOWCONTROL_NONE);
	assert_int_equal(fake.dtr, SP_DTR_ON);
	assert_int_equal(fake.flushed, 1);
	port_close(&port);
	assert_int_equal(fake.freed, 1);
	assert_released();
}

/* A library that locks by itself is not locked out by us. */
static void test_library_that_locks(void **state)
{
	struct port *port;

	(void)state;
	fake.locks = true;
	assert_int_equal(port_open(&port, fake.path, &settings, &fault), ERR_OK);
	assert_refused("port-busy");
	assert_int_equal(fake.opened, 1); /* the second one did not get as far as touching it */
	port_close(&port);
	assert_released();
}

static void test_flow_control(void **state)
{
	static const struct {
		enum port_flow flow;
		enum sp_flowcontrol asked;
	} cases[] = {
		{PORT_FLOW_RTSCTS, SP_FLOWCONTROL_RTSCTS}, {PORT_FLOW_XONXOFF, SP_FLOWCONTROL_XONXOFF},
	};
	struct termios termios;
	struct port *port;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		settings.flow = cases[i].flow;
		settings.baud = 9600;
		fake.forgets = false;
		assert_int_equal(port_open(&port, fake.path, &settings, &fault), ERR_OK);
		assert_int_equal(fake.flow, cases[i].asked);
		assert_int_equal(tcgetattr(port_fd(port), &termios), 0);
		assert_int_equal((termios.c_cflag & CRTSCTS) != 0, settings.flow == PORT_FLOW_RTSCTS);
		assert_int_equal(fake.baud, 9600);
		port_close(&port);
		fake.forgets = true;
		assert_refused("port-settings");
		assert_released();
	}
}

static void test_rounded_baud_rate(void **state)
{
	(void)state;
	fake.rounds = true;
	assert_refused("port-settings");
}

static void test_every_call_failing(void **state)
{
	static const char *const setting[] = {
		"baud", "bits", "parity", "stopbits", "flow", "dtr", "rtscts", "flush", "config", "get",
	};

	(void)state;
	fake.error = SP_ERR_FAIL;
	for (size_t i = 0; i < sizeof setting / sizeof setting[0]; i++) {
		fake.failing = setting[i];
		assert_refused("port-settings");
		assert_int_equal(fake.freed, i + 1);
		assert_released();
	}
	fake.failing = "handle";
	assert_refused("port-open");
	fake.failing = "name";
	assert_refused("port-open");
	fake.error = SP_ERR_ARG;
	assert_refused("port-kind");
	fake.error = SP_ERR_MEM;
	assert_int_equal(port_open(&(struct port *){NULL}, fake.path, &settings, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "memory");
	assert_released();
}

static void test_not_opened(void **state)
{
	(void)state;
	fake.failing = "open";
	fake.error = SP_ERR_FAIL;
	assert_refused("port-open");
	assert_int_equal(fake.freed, 1);
	assert_int_equal(fake.closed, 0); /* closing what is not open is a mistake in this library */
	assert_released();
}

static void test_busy(void **state)
{
	int other = open(fake.path, O_RDWR);

	(void)state;
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_refused("port-busy");
	assert_int_equal(fake.opened, 0); /* not even touched */
	close(other);
}

#define PORT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_TEST(test_opened_and_closed),
		PORT_TEST(test_library_that_locks),
		PORT_TEST(test_flow_control),
		PORT_TEST(test_rounded_baud_rate),
		PORT_TEST(test_every_call_failing),
		PORT_TEST(test_not_opened),
		PORT_TEST(test_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
