// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: a command as the checker.
 *
 * It is run once for each file: what is known of the request is one line of JSON on
 * its standard input, the file is its descriptor 3. It decides by its exit status,
 * 0 allow, 1 deny; or by a JSON object on its standard output, and status 0. Any
 * other end is a failure.
 *
 * The command's own opens may be gated, so nothing here waits for it to be executed:
 * fork(), and no vfork().
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fanotifyctl.h"

#define FILE_FD		3

/* More on standard output is no verdict. */
#define OUTPUT_MAX	4096

/* ---- the verdict ---- */

static const char *parse_member(const char *key, struct json_object *value,
				struct action *action, bool *decided)
{
	const char *text = json_object_get_string(value);
	struct action said;

	if (!strcmp(key, "audit") || !strcmp(key, "remember")) {
		if (!json_object_is_type(value, json_type_boolean))
			return "audit and remember are true or false";
		*(*key == 'a' ? &action->audit : &action->remember) =
			json_object_get_boolean(value);
		return NULL;
	}
	if (!json_object_is_type(value, json_type_string) || action_parse(text, &said))
		text = "";
	if (!strcmp(key, "verdict")) {
		if (!*text || said.error)
			return "verdict is neither \"allow\" nor \"deny\"";
		action->outcome = said.outcome;
		*decided = true;
		return NULL;
	}
	if (strcmp(key, "errno"))
		return "it has a key besides verdict, errno, audit and remember";
	if (!*text || !said.error)
		return "errno is not the name of one that is allowed";
	action->error = said.error;
	return NULL;
}

/* One value, and nothing but blanks after it. */
static struct json_object *parse_json(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object = NULL;
	size_t end;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text, -1);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (!text[end + strspn(text + end, " \t\r\n")])
		return object;
	json_object_put(object);
	return NULL;
}

const char *verdict_parse(const char *text, struct action *action)
{
	struct json_object *object = parse_json(text);
	struct action result = *action;
	const char *wrong = NULL;
	bool decided = false;

	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return "standard output is not one JSON object";
	}
	json_object_object_foreach(object, key, value) {
		wrong = parse_member(key, value, &result, &decided);
		if (wrong)
			break;
	}
	json_object_put(object);
	if (!wrong && !decided)
		wrong = "there is no verdict in it";
	if (!wrong && result.outcome == OUTCOME_ALLOW && result.error)
		wrong = "errno goes with deny";
	if (!wrong)
		*action = result;
	return wrong;
}

/* ---- the child ---- */

/**
 * struct child - A command that is running.
 * @pid: also its process group
 * @pidfd: readable once it has ended
 * @out: its standard output
 * @text: what was on that so far
 * @len: its length
 */
struct child {
	pid_t pid;
	int pidfd;
	int out;
	char text[OUTPUT_MAX + 1];
	size_t len;
};

/* Between fork() and exec(): other threads may hold any lock. */
static void become(const struct check *check, int in, int out)
{
	sigset_t none;

	setpgid(0, 0);
	/* it has nothing to decide once the gate is gone */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* standard files are open, and so is what the library has: no number is below 3 */
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    (check->fd == FILE_FD ? fcntl(FILE_FD, F_SETFD, 0) : dup2(check->fd, FILE_FD)) >= 0)
		execl("/bin/sh", "sh", "-c", check->what, NULL);
	_exit(126);
}

static int make_input(const struct check *check)
{
	int fd = memfd_create("request", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < check->json_len) {
		ssize_t n = write(fd, check->json + done, check->json_len - done);

		if (n < 0) {
			close(fd);
			return -1;
		}
		done += n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static int child_start(struct child *child, const struct check *check)
{
	int in = make_input(check);
	int pipes[2] = { -1, -1 };
	int error;

	child->pid = -1;
	child->pidfd = -1;
	child->len = 0;
	if (in >= 0 && !pipe2(pipes, O_CLOEXEC))
		child->pid = fork();
	if (!child->pid)
		become(check, in, pipes[1]);
	if (child->pid > 0) {
		/* here, too: it must be its own before it can be killed */
		setpgid(child->pid, child->pid);
		child->pidfd = pidfd_open(child->pid, 0);
	}
	error = errno;
	if (in >= 0)
		close(in);
	if (pipes[1] >= 0)
		close(pipes[1]);
	child->out = pipes[0];
	if (child->pidfd >= 0)
		fcntl(child->out, F_SETFL, O_NONBLOCK);
	errno = error;
	return child->pidfd >= 0 ? 0 : -1;
}

/* Return: whether there may be more. */
static bool child_read(struct child *child)
{
	ssize_t n = read(child->out, child->text + child->len, OUTPUT_MAX - child->len);

	if (n > 0)
		child->len += n;
	child->text[child->len] = '\0';
	return n > 0 && child->len < OUTPUT_MAX;
}

/* Wait for its end. What it leaves running in its group is killed with it. */
static int child_wait(struct child *child, struct check *check)
{
	bool reading = true;
	int status = -1;

	while (!check_over(check)) {
		struct pollfd fds[] = {
			{ .fd = child->pidfd, .events = POLLIN },
			{ .fd = reading ? child->out : -1, .events = POLLIN },
		};

		if (poll(fds, 2, check_patience(check)) <= 0)
			continue;
		if (fds[1].revents)
			reading = child_read(child);
		if (fds[0].revents) {
			while (child_read(child))
				;
			status = 0;
			break;
		}
		/* it may wait for ever for somebody who reads the rest */
		if (child->len == OUTPUT_MAX)
			break;
	}
	if (child->len == OUTPUT_MAX)
		check_fail(check, E2BIG, "standard output has more than a verdict");
	kill(-child->pid, SIGKILL);
	if (waitpid(child->pid, status < 0 ? NULL : &status, 0) != child->pid)
		status = -1;
	return status;
}

static void child_judge(struct child *child, int status, struct check *check)
{
	const char *wrong;

	if (WIFSIGNALED(status)) {
		check_fail(check, ECHILD, "it was ended by signal %d (%s)", WTERMSIG(status),
			   strsignal(WTERMSIG(status)));
	} else if (child->text[strspn(child->text, " \t\r\n")]) {
		wrong = verdict_parse(child->text, &check->action);
		if (WEXITSTATUS(status))
			check_fail(check, EINVAL, "there is a verdict, but exit status %d",
				   WEXITSTATUS(status));
		else if (wrong)
			check_fail(check, EINVAL, "%s", wrong);
	} else if (WEXITSTATUS(status) > 1) {
		check_fail(check, ECHILD, "exit status %d", WEXITSTATUS(status));
	} else {
		check->action.outcome = WEXITSTATUS(status) ? OUTCOME_DENY : OUTCOME_ALLOW;
	}
}

void check_exec(struct check *check)
{
	struct child child;
	int status;

	if (child_start(&child, check)) {
		check_fail(check, errno, "it cannot be started: %s", strerror(errno));
		if (child.pid > 0) {
			kill(-child.pid, SIGKILL);
			waitpid(child.pid, NULL, 0);
		}
	} else {
		status = child_wait(&child, check);
		if (status < 0)
			check_fail(check, ETIMEDOUT, "it took too long, and was killed");
		else
			child_judge(&child, status, check);
	}
	if (child.pidfd >= 0)
		close(child.pidfd);
	if (child.out >= 0)
		close(child.out);
}
