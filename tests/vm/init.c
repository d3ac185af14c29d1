// SPDX-License-Identifier: GPL-2.0
/*
 * The VM's PID 1.
 *
 * Mounts what a system needs, loads the module under test, runs /run/vm/command
 * and passes its output on through two virtio ports, apart from the console. Then
 * everything that still runs is killed, the module is unloaded and the disk
 * unmounted, and only then the result goes out, through a third port:
 *
 *	exit STATUS OUT ERR	the command's exit status, and how many bytes of
 *				output the host has to wait for
 *	fail TEXT		this program could not do its part
 *
 * No such line, no pass: a hang or a panic cannot look like one.
 *
 * Options come from the kernel's command line, as the environment: vm_module
 * (load it), vm_tty (run the command on hvc0), vm_leaks (look for lost memory at the
 * end, on a kernel with kmemleak); and the drives: vm_root, vm_modules, vm_files, and
 * if they are given vm_tests and vm_disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE_NAME	"fanotify_nl"
#define MODULE_FILE	"/usr/lib/fanotify-nl/fanotify_nl.ko"
#define COMMAND		"/run/vm/command"

/* The order in which the harness gives QEMU its ports; 0 is the console's. */
#define PORT_OUT	"/dev/vport0p1"
#define PORT_ERR	"/dev/vport0p2"
#define PORT_RESULT	"/dev/vport0p3"

#define PATIENCE_MS	10000
#define STEP_US		10000

static int result = -1;

/* Tell the host, which then ends the VM; if it cannot be told, end it here. */
static __attribute__((noreturn, format(printf, 1, 2)))
void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (result >= 0) {
		vdprintf(result, format, args);
	} else {
		vprintf(format, args);
		reboot(RB_POWER_OFF);
	}
	va_end(args);
	for (;;)
		pause();
}

#define fail(format, ...) \
	report("fail " format ": %s\n", ##__VA_ARGS__, strerror(errno))

static void mount_at(const char *type, const char *source, const char *target,
		     unsigned long flags)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, NULL))
		fail("cannot mount %s on %s", source, target);
}

static void load_module(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		fail("cannot load %s", file);
	close(fd);
}

/* Devices appear a little after their drivers. */
static int open_device(const char *file, int flags)
{
	int fd;

	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_US / 1000) {
		fd = open(file, flags | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		usleep(STEP_US);
	}
	fail("cannot open %s", file);
}

static pid_t start(char *const argv[])
{
	pid_t pid = fork();

	if (pid < 0)
		fail("cannot fork");
	if (!pid) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void run(char *const argv[])
{
	pid_t pid = start(argv);
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		report("fail %s failed with status %#x\n", argv[0], status);
}

static void mount_drive(const char *name, const char *target, unsigned long flags)
{
	const char *drive = getenv(name);

	if (!drive)
		return;
	close(open_device(drive, O_RDONLY));
	mount_at("ext4", drive, target, flags);
}

/* From the initramfs to the disk. */
static void enter_root(void)
{
	mount_at("devtmpfs", "dev", "/dev", 0);
	result = open_device(PORT_RESULT, O_WRONLY);
	if (!access("/virtio_blk.ko", F_OK))
		load_module("/virtio_blk.ko");
	mount_drive("vm_root", "/root", 0);
	if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) ||
	    chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		fail("cannot enter the root file system");
}

static void mount_all(void)
{
	mount_at("proc", "proc", "/proc", 0);
	mount_at("sysfs", "sys", "/sys", 0);
	mount_at("debugfs", "debug", "/sys/kernel/debug", 0);
	mount_at("tracefs", "trace", "/sys/kernel/tracing", 0);
	mount_at("securityfs", "security", "/sys/kernel/security", 0);
	mount_at("cgroup2", "cgroup", "/sys/fs/cgroup", 0);
	mount_at("devpts", "devpts", "/dev/pts", 0);
	mount_at("tmpfs", "shm", "/dev/shm", MS_NOSUID | MS_NODEV);
	mount_at("tmpfs", "run", "/run", MS_NOSUID | MS_NODEV);
	mount_at("tmpfs", "tmp", "/tmp", MS_NOSUID | MS_NODEV);
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
	mount_drive("vm_modules", "/usr/lib/modules", MS_RDONLY);
	mount_drive("vm_disk", "/mnt/disk", 0);
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		fail("cannot make /dev/fd and its like");
}

/*
 * The project's files, the command and --add come as a tar archive; the test programs,
 * which are larger than all of it, on a drive of their own.
 */
static void unpack(void)
{
	char *files = getenv("vm_files");

	close(open_device(files, O_RDONLY));
	run((char *[]){ "/usr/bin/tar", "-xf", files, "-C", "/", "--keep-directory-symlink",
			"--no-same-owner", NULL });
	mount_drive("vm_tests", "/usr/lib/fanotify-nl/tests", MS_RDONLY);
}

static void environment(void)
{
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	       1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", "linux", 1);
}

static pid_t start_command(int in, int out, int err, bool tty)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("cannot fork");
	if (pid)
		return pid;

	setsid();
	if (tty)
		ioctl(in, TIOCSCTTY, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    chdir("/root"))
		_exit(127);
	execl("/usr/bin/bash", "bash", COMMAND, NULL);
	_exit(127);
}

/* Collect every child that has ended; true once `pid` is among them. */
static bool reap(pid_t pid, int *status)
{
	bool ended = false;
	int one;
	pid_t p;

	while ((p = waitpid(-1, &one, WNOHANG)) > 0) {
		if (p == pid) {
			*status = one;
			ended = true;
		}
	}
	return ended;
}

static void kill_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

struct stream {
	int from;
	int to;
	unsigned long long bytes;
};

/* Move what there is, at most a buffer; false at the end. */
static bool relay(struct stream *s)
{
	char buffer[16384];
	ssize_t n = read(s->from, buffer, sizeof(buffer));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	for (ssize_t done = 0, k; done < n; done += k) {
		k = write(s->to, buffer + done, n - done);
		if (k < 0)
			fail("cannot write to a port");
	}
	s->bytes += n;
	return true;
}

static void wake(int signal)
{
	(void)signal;
}

/*
 * Run the command to its end. What it has left running is killed, which closes
 * the pipes' other ends, so that reading them to the end ends too.
 */
static int run_command(struct stream streams[2], bool tty)
{
	int out[2], err[2], in, status = 0;
	struct pollfd fds[2];
	sigset_t child, none;
	bool ended = false;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("cannot make pipes");
	streams[0].from = out[0];
	streams[1].from = err[0];

	/* SIGCHLD is let in by ppoll only, so that none is missed. */
	sigemptyset(&none);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signal(SIGCHLD, wake);

	if (tty) {
		in = open_device("/dev/hvc0", O_RDWR | O_NOCTTY);
		pid = start_command(in, in, in, true);
	} else {
		in = open_device("/dev/null", O_RDONLY);
		pid = start_command(in, out[1], err[1], false);
	}
	close(in);
	close(out[1]);
	close(err[1]);
	sigprocmask(SIG_BLOCK, &child, NULL);

	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd){ .fd = streams[i].from, .events = POLLIN };
	while (fds[0].fd >= 0 || fds[1].fd >= 0 || !ended) {
		if (!ended && reap(pid, &status)) {
			ended = true;
			kill_all();
			continue;
		}
		if (ppoll(fds, 2, NULL, &none) < 0) {
			if (errno == EINTR)
				continue;
			fail("cannot poll");
		}
		for (int i = 0; i < 2; i++)
			if (fds[i].revents && !relay(&streams[i]))
				fds[i].fd = -1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* All but the first wait until what is patched at boot has been. */
static void start_cpus(void)
{
	char file[64];

	for (long cpu = 1; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		int fd;

		snprintf(file, sizeof(file), "/sys/devices/system/cpu/cpu%ld/online", cpu);
		fd = open(file, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "1", 1) != 1)
			fail("cannot start CPU %ld", cpu);
		close(fd);
	}
}

/* Files of killed processes may be closed a moment later. */
static void unload_module(void)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_US / 1000) {
		if (!syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK) ||
		    errno == ENOENT)
			return;
		usleep(STEP_US);
	}
	fail("cannot unload " MODULE_NAME);
}

/*
 * Have kmemleak look for memory that nothing points to; what it finds goes to the
 * kernel's log, where the harness looks. It passes over what is younger than
 * five seconds, and over what has changed since the scan before.
 */
static void find_leaks(void)
{
	int leaks = open("/sys/kernel/debug/kmemleak", O_RDWR | O_CLOEXEC);
	int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n;

	if (leaks < 0 || log < 0)
		fail("cannot open kmemleak");
	sleep(6);
	for (int i = 0; i < 2; i++)
		if (write(leaks, "scan", 4) != 4)
			fail("cannot scan for leaks");
	lseek(leaks, 0, SEEK_SET);
	while ((n = read(leaks, text, sizeof(text) - 1)) > 0) {
		text[n] = 0;
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			dprintf(log, "<4>%s", line);
	}
	close(log);
	close(leaks);
}

static void unmount_disk(void)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_US / 1000) {
		if (!umount2("/mnt/disk", 0) || errno == EINVAL)
			return;
		usleep(STEP_US);
	}
	fail("cannot unmount /mnt/disk");
}

int main(void)
{
	bool module = getenv("vm_module"), tty = getenv("vm_tty");
	bool leaks = getenv("vm_leaks");
	struct stream streams[2] = { 0 };
	int status;

	enter_root();
	mount_all();
	unpack();
	environment();
	sethostname("fanotify-nl", strlen("fanotify-nl"));

	/* From here on, the whole kernel log goes to the console. */
	klogctl(8, NULL, 8);
	if (module)
		load_module(MODULE_FILE);
	start_cpus();
	streams[0].to = open_device(PORT_OUT, O_WRONLY);
	streams[1].to = open_device(PORT_ERR, O_WRONLY);

	status = run_command(streams, tty);

	unload_module();
	unmount_disk();
	if (leaks)
		find_leaks();
	sync();
	report("exit %d %llu %llu\n", status, streams[0].bytes, streams[1].bytes);
}
