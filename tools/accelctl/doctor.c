// SPDX-License-Identifier: MIT
/* accelctl doctor: what works on this machine, what does not, what to do. */
#include <dlfcn.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

enum verdict { WORKS, LACKS, BROKEN };

struct report {
	bool json, color, first;
	uint32_t broken;
};

static void say(struct report *r, enum verdict v, const char *what,
		const char *fmt, ...) ACCEL_PRINTF(4, 5);

static void say(struct report *r, enum verdict v, const char *what,
		const char *fmt, ...)
{
	static const char *const words[] = { "ok", "missing", "broken" };
	static const char *const colors[] = { "32", "33", "31" };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->broken += v == BROKEN;
	if (r->json) {
		printf("%s{\"check\":",
		       r->first ? "{" JSON_SCHEMA ",\"checks\":[" : ",\n ");
		json_text(stdout, what);
		printf(",\"result\":\"%s\",\"text\":", words[v]);
		json_text(stdout, text);
		putchar('}');
	} else if (r->color) {
		printf("\033[%sm%-8s\033[0m%-12s %s\n", colors[v], words[v],
		       what, text);
	} else {
		printf("%-8s%-12s %s\n", words[v], what, text);
	}
	r->first = false;
}

static void check_machine(struct report *r)
{
	struct utsname u;
	accel_board b;

	uname(&u);
	accel_board_get(&b);
	say(r, WORKS, "kernel", "%s %s on %s, pages of %ld bytes", u.sysname,
	    u.release, u.machine, sysconf(_SC_PAGESIZE));
	if (atoi(u.release) < 6 ||
	    (atoi(u.release) == 6 && atoi(strchr(u.release, '.') + 1) < 12))
		say(r, BROKEN, "kernel",
		    "the module needs Linux 6.12 or newer");
	if (b.chip[0])
		say(r, WORKS, "board", "%s, header on '%s'",
		    b.model[0] ? b.model : "told by its GPIO chip", b.chip);
	else
		say(r, LACKS, "board",
		    "%s has no 40-pin header that is known here; name lines "
		    "as CHIP:OFFSET",
		    b.model[0] ? b.model : "this machine");
}

static void check_group(struct report *r)
{
	struct group *g = getgrnam("gpio");
	gid_t groups[128];
	int n = getgroups(128, groups);

	if (!geteuid())
		return;
	for (int i = -1; g && i < n; i++)
		if ((i < 0 ? getegid() : groups[i]) == g->gr_gid) {
			say(r, WORKS, "group", "you are in 'gpio'");
			return;
		}
	say(r, LACKS, "group",
	    "you are not in the group 'gpio': sudo usermod "
	    "-aG gpio $USER, then log in again");
}

static bool check_module(struct report *r)
{
	accel_driver_info info;
	accel_status st;
	int fd;

	st = accel_driver_open(NULL, &fd);
	if (!st) {
		st = accel_driver_get_info(fd, &info);
		close(fd);
	}
	if (st) {
		say(r, BROKEN, "module", "%s", accel_last_error());
		return false;
	}
	say(r, WORKS, "module",
	    "interface %u, buffers up to %.0f MiB, streams up to %.1f kHz",
	    info.abi, (double)info.buf_limit / (1 << 20),
	    info.stream_floor_ns ? 1e6 / (double)info.stream_floor_ns : 0);
	if (!(info.features & ACCEL_DRIVER_FAILSAFE))
		say(r, BROKEN, "module", "it has no fail-safe outputs");
	return true;
}

/* The first line of a file of /proc or /sys; "" where there is none. */
static void first_line(const char *path, char *text, size_t size)
{
	const char *root = getenv("ACCEL_ROOT");
	char where[512];
	FILE *f;

	text[0] = 0;
	snprintf(where, sizeof(where), "%s%s", root ? root : "", path);
	f = fopen(where, "re");
	if (!f)
		return;
	if (!fgets(text, (int)size, f))
		text[0] = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(f);
}

/* What comes before the module hears of an end. */
static void check_ends(struct report *r)
{
	char crash[8], notify[8], core[256];

	first_line("/sys/kernel/kexec_crash_loaded", crash, sizeof(crash));
	first_line("/sys/module/kernel/parameters/crash_kexec_post_notifiers",
		   notify, sizeof(notify));
	first_line("/proc/sys/kernel/core_pattern", core, sizeof(core));
	if (crash[0] == '1' && notify[0] != 'Y')
		say(r, LACKS, "panic",
		    "a crash kernel is loaded: a panic starts it, and outputs "
		    "stay as they are; boot with crash_kexec_post_notifiers to "
		    "have them safe before (emergency_restart() asks nobody)");
	if (core[0] == '|')
		say(r, LACKS, "dumps",
		    "core dumps go through a pipe (%s): outputs of a program "
		    "that crashes without a keep-alive stay on until it has "
		    "been read",
		    core);
}

/* Only its end tells the module of a program that has outputs so. */
static bool is_unwatched(const accel_line_info *l)
{
	return l->pid && !l->held && l->safe >= 0 && !l->keepalive_ns;
}

static bool same_owner(const accel_line_info *a, const accel_line_info *b)
{
	return a->pid == b->pid && !strcmp(a->consumer, b->consumer);
}

/* One line for each program, with the first of its outputs. */
static void check_keepalives(struct report *r, const accel_line_info *list,
			     uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const accel_line_info *l = &list[i];
		bool said = false;

		for (uint32_t k = 0; k < i; k++)
			said = said || (is_unwatched(&list[k]) &&
					same_owner(&list[k], l));
		if (said || !is_unwatched(l))
			continue;
		say(r, LACKS, "keep-alive",
		    "%s[%u] has %s:%u without a keep-alive: if it hangs, or "
		    "while its core is dumped, outputs stay as they are; "
		    "request them with keepalive_ns (accelctl relay does)",
		    l->consumer, l->pid, l->chip, l->offset);
	}
}

static void check_lines(struct report *r)
{
	accel_line_info *list;
	uint32_t n = 0, max = 0, used = 0, chips = 0;
	accel_status st = accel_line_list(NULL, 0, &max);

	if (st || !max) {
		say(r, BROKEN, "lines", "%s",
		    st ? accel_last_error()
		       : "there is no /dev/gpiochip*: no "
			 "driver of a GPIO chip is loaded");
		return;
	}
	list = calloc(max, sizeof(*list));
	if (!list || accel_line_list(list, max, &n)) {
		free(list);
		return;
	}
	for (uint32_t i = 0; i < n && i < max; i++) {
		used += list[i].used;
		chips += !i || strcmp(list[i].chip, list[i - 1].chip);
	}
	say(r, WORKS, "lines", "%u on %u chips, %u in use", n, chips, used);
	check_keepalives(r, list, n < max ? n : max);
	free(list);
}

static void check_sensors(struct report *r)
{
	uint32_t n = 0;

	accel_sensor_list(NULL, 0, &n);
	if (n)
		say(r, WORKS, "sensors", "%u of kernel drivers", n);
	else
		say(r, LACKS, "sensors",
		    "none of kernel drivers; docs/sensors.md says which "
		    "overlay enables which");
	if (access("/sys/kernel/debug/gpio", R_OK))
		say(r, LACKS, "levels",
		    "levels of free pins, and functions, are for root: sudo "
		    "accelctl pinout");
}

/*
 * The engine, which nothing else here needs: loaded only now, so that the
 * other commands start at once and work without it.
 */
struct engine {
	__typeof__(accel_device_list) *device_list;
	__typeof__(accel_open_with) *open;
	__typeof__(accel_context_device) *device;
	__typeof__(accel_tensor_import) *import;
	__typeof__(accel_close) *close;
	__typeof__(accel_last_error) *error;
};

static bool load_engine(struct report *r, struct engine *e)
{
	void *lib = dlopen("libaccel.so.0", RTLD_NOW | RTLD_LOCAL);
	const struct {
		void *to;
		const char *name;
	} symbols[] = {
		{ &e->device_list, "accel_device_list" },
		{ &e->open, "accel_open_with" },
		{ &e->device, "accel_context_device" },
		{ &e->import, "accel_tensor_import" },
		{ &e->close, "accel_close" },
		{ &e->error, "accel_last_error" },
	};

	for (size_t i = 0; lib && i < sizeof(symbols) / sizeof(symbols[0]);
	     i++) {
		void *f = dlsym(lib, symbols[i].name);

		memcpy(symbols[i].to, &f, sizeof(f));
		if (!f)
			lib = NULL;
	}
	if (!lib)
		say(r, BROKEN, "engine", "%s", dlerror());
	return lib;
}

/* Does a device see a buffer of ours without a copy? */
static void check_import(struct report *r, const struct engine *e,
			 const char *device)
{
	accel_open_options how = { .device = device };
	int64_t shape[] = { 1024 };
	accel_context *ctx;
	accel_dmabuf buf;

	if (accel_dmabuf_alloc(&buf, sizeof(float) * 1024)) {
		say(r, BROKEN, "buffers", "%s", accel_last_error());
		return;
	}
	ctx = e->open(&how);
	if (ctx && e->import(ctx, buf.fd, 0, ACCEL_F32, 1, shape))
		say(r, WORKS, "import",
		    "%s takes the module's buffers as they are",
		    e->device(ctx));
	else
		say(r, LACKS, "import", "%s", e->error());
	e->close(ctx);
	accel_dmabuf_free(&buf);
}

static void check_engine(struct report *r, bool module)
{
	accel_device_info list[16];
	uint32_t n = 0, usable = 0;
	struct engine e;

	if (!load_engine(r, &e))
		return;
	if (e.device_list(list, 16, &n) || !n) {
		say(r, LACKS, "vulkan",
		    "no device: apt-get install mesa-vulkan-drivers; the CPU "
		    "backend works without");
		n = 0;
	}
	for (uint32_t i = 0; i < n && i < 16; i++) {
		say(r, list[i].usable ? WORKS : LACKS, "vulkan",
		    "%s (%s, %s), Vulkan %u.%u", list[i].name, list[i].driver,
		    list[i].type, list[i].api_major, list[i].api_minor);
		usable += list[i].usable;
	}
	if (module)
		check_import(r, &e, usable ? "vulkan" : "cpu");
}

int cmd_doctor(int argc, char **argv)
{
	static const struct usage usage = {
		"doctor [--json]",
		"Looks at the board, the module, permissions, lines, sensors, "
		"Vulkan and the import\nof buffers. The status is 1 when "
		"something is broken.\n",
		0, 0
	};
	struct report r = { .first = true };
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &r.json, NULL }, OPTIONS_END
	};
	struct words words;
	bool module;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	r.color = isatty(STDOUT_FILENO);
	check_machine(&r);
	check_group(&r);
	module = check_module(&r);
	check_ends(&r);
	check_lines(&r);
	check_sensors(&r);
	check_engine(&r, module);
	if (r.json)
		puts("]}");
	return r.broken ? EXIT_FAILED : EXIT_DONE;
}
