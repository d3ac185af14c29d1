// SPDX-License-Identifier: GPL-2.0
/*
 * Random messages to the family. Whatever is sent, the kernel answers: does it,
 * or refuses with an error and a reason; and goes on as before.
 *
 *	nlfuzz [--seed S] [--count N] [--minutes M] [--corpus FOLDER]
 *
 * Without a seed the fixed ones are run, and then new ones until so many minutes are
 * over, 2 by default on a debug kernel and else 0, but at least one. What may be sent
 * comes from the kernel's own list of commands and attributes. An input that fails is
 * printed as text; lib/input.h has the language, and tests/corpus/netlink keeps those
 * that were worth it.
 */
#include <dirent.h>
#include <getopt.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "test.h"
#include "gate.h"
#include "input.h"
#include "random.h"
#include "remains.h"
#include "storm.h"

/* An input takes a few milliseconds; under emulation and load some more. */
#define STUCK_S		60
/* Sockets and group are made anew after so many inputs. */
#define ROUND		50
#define FIXED_SEEDS	3
/* Processes that ask for permission, so that there is something to decide. */
#define ASKING		4

static unsigned long long only_seed;
static bool one_seed;
static unsigned int count_per_seed;
static double minutes;
static const char *corpus = "/mnt/add/netlink";

/* ---- the watchdog ---- */

struct shared {
	unsigned long n;
	char text[INPUT_TEXT_MAX];
};

static struct shared *shared;

/* Says what the kernel is stuck at. Who waits for us then runs out of time. */
static pid_t watch(void)
{
	unsigned long n = 0;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		sleep(STUCK_S);
		if (n == shared->n)
			printf("# no answer for %d s, to:\n%s", STUCK_S, shared->text);
		fflush(stdout);
		n = shared->n;
	}
}

/* ---- what comes back ---- */

FIXTURE(nlfuzz)
{
	struct random_input f;
	struct input_names names;
	struct input input;
	int fd[RANDOM_FDS];
	struct nl keeper;
	__u32 keeper_group;
	__u64 keeper_token;
	struct nl member;
	struct nl other;
	struct nl exempt;
	bool gated;
	pid_t asking[ASKING];
	struct fanotify_nl *library;
	unsigned int answers;
	unsigned int texts;
	unsigned long done[__FANOTIFY_CMD_MAX];
	unsigned long refused[__FANOTIFY_CMD_MAX];
	int error;
	char text[256];
};

typedef FIXTURE_DATA(nlfuzz) fixture;

/* The text or the number of the missing attribute, at this offset of the message. */
static bool says_why(fixture *self, const struct nlmsghdr *msg, size_t offset)
{
	const struct nlattr *attr;
	bool why = false;

	self->text[0] = '\0';
	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	mnl_attr_for_each(attr, msg, offset) {
		why |= mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG ||
		       mnl_attr_get_type(attr) == NLMSGERR_ATTR_MISS_TYPE;
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(self->text, sizeof(self->text), "%s", mnl_attr_get_str(attr));
	}
	return why;
}

/* Netlink refuses these before we are asked, without a word. */
static bool netlink_refuses(const fixture *self, const struct nlmsgerr *err)
{
	const struct genlmsghdr *genl = (const void *)(&err->msg + 1);
	bool dump = (err->msg.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

	if (err->msg.nlmsg_type != self->names.family)
		return true;
	switch (err->error) {
	case -EINVAL:
		return err->msg.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN;
	case -EOPNOTSUPP:
		return genl->cmd > FANOTIFY_CMD_MAX || !self->f.policy.op[genl->cmd][dump].exists;
	case -EBUSY:
		/* a dump is under way on this socket */
		return dump;
	}
	return false;
}

static const char *take_result(fixture *self, __u32 seq, int error)
{
	__u8 cmd = input_cmd(&self->input, seq);

	self->answers++;
	self->error = error;
	if (error > 0)
		return "a positive error";
	if (error < -133)
		return "an error that user space does not know";
	if (cmd <= FANOTIFY_CMD_MAX)
		(error ? self->refused : self->done)[cmd]++;
	return NULL;
}

static const char *take_error(fixture *self, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t offset = sizeof(*err);
	const char *wrong;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(*err))
		return "an error message that is too short";
	wrong = take_result(self, err->msg.nlmsg_seq, err->error);
	if (wrong || !err->error)
		return wrong;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&err->msg);
	if (says_why(self, msg, offset))
		self->texts++;
	else if (!netlink_refuses(self, err))
		return "a refusal without a reason";
	return NULL;
}

/* The end of a dump. */
static const char *take_done(fixture *self, const struct nlmsghdr *msg)
{
	int error = *(int *)mnl_nlmsg_get_payload(msg);

	return take_result(self, msg->nlmsg_seq, error) ?:
	       error && !says_why(self, msg, sizeof(error)) ? "a dump ends without a reason" : NULL;
}

static const char *take_message(fixture *self, const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	struct fanotify_nl_event event;

	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
		return take_error(self, msg);
	case NLMSG_DONE:
		return take_done(self, msg);
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return "a message that nobody sends";
	}
	if (msg->nlmsg_type != self->names.family)
		return "a message of another family";
	if (msg->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || genl->cmd > FANOTIFY_CMD_MAX)
		return "a message of no command";
	if (genl->cmd != FANOTIFY_CMD_EVENT)
		return NULL;
	if (fanotify_nl_parse_event(msg, msg->nlmsg_len, &event))
		return "a malformed event";
	if (event.deadline)
		self->names.event = event.id;
	return NULL;
}

/* A descriptor that event-open has installed is not left open. */
static void take_fd(const struct nlmsghdr *msg, __u16 family)
{
	const struct nlattr *fd;

	if (msg->nlmsg_type != family || nl_cmd(msg) != FANOTIFY_CMD_EVENT_OPEN)
		return;
	fd = nl_attr(msg, FANOTIFY_A_EVENT_OPEN_FD);
	if (fd)
		close(mnl_attr_get_u32(fd));
}

static const char *take_all(fixture *self, struct nl *nl)
{
	const char *wrong = NULL;
	int len;

	/* -ENOBUFS: the answers were more than fits, which is the sender's loss */
	while (!wrong && ((len = nl_recv(nl, 0)) > 0 || len == -ENOBUFS)) {
		struct nlmsghdr *msg = (struct nlmsghdr *)nl->received;

		for (; !wrong && len > 0 && mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
			take_fd(msg, self->names.family);
			wrong = take_message(self, msg);
		}
		if (len > 0 && !wrong)
			wrong = "a datagram with a rest";
	}
	return wrong;
}

/* ---- sockets ---- */

/* A permission group that stays when its member goes, as there is nobody to decide. */
static int hold(fixture *self)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (ret)
		return ret;
	nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION);
	nl_put_u32(&nl, FANOTIFY_A_GROUP_ON_EVICT, FANOTIFY_ON_EVICT_DENY);
	ret = nl_call(&nl);
	if (!ret)
		self->names.held = nl_uint(nl_attr(nl.reply, FANOTIFY_A_GROUP_NUMBER));
	strcpy(self->member.text, nl.text);
	nl_close(&nl);
	return ret;
}

static int bind_gated(struct nl *nl, __u32 *number, __u64 *token)
{
	int ret;

	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION | REMEMBER);
	ret = nl_call(nl);
	if (ret)
		return ret;
	*number = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_NUMBER));
	*token = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_TOKEN));
	return 0;
}

static int sockets_open(fixture *self)
{
	int ret = nl_open(&self->member) ?: nl_open(&self->other);
	struct fanotify_nl_journal_info info;

	if (ret)
		return ret;
	/* an input may have stopped it */
	ret = fanotify_nl_journal_get(self->library, "/mnt/disk", &info);
	if (ret == -ENOENT)
		ret = fanotify_nl_journal_start(self->library, "/mnt/disk", NULL, &info);
	if (ret) {
		snprintf(self->member.text, sizeof(self->member.text), "journal: %s",
			 fanotify_nl_error(self->library));
		return ret;
	}
	self->names.journal = info.id;
	/* a number of its own, so that bind with some number is mostly a new group */
	if (!self->gated)
		ret = nl_bind(&self->member, &self->names.group, &self->names.token);
	else
		ret = set_parameter("gate_lift", "1") ?: hold(self) ?:
		      bind_gated(&self->member, &self->names.group, &self->names.token);
	return ret ?: nl_mark(&self->member, self->names.group, self->names.token,
			      FANOTIFY_MARK_TYPE_INODE, self->fd[0],
			      KIND(CREATE) | (self->gated ? KIND(OPEN_PERM) |
					      KIND(EVENT_ON_CHILD) : 0));
}

/* Whoever has a permission group is not asked about, whatever the random ones mark. */
static int gate(fixture *self)
{
	__u32 number;
	__u64 token;
	int ret = make_file("dir/gated") ?: nl_open(&self->exempt) ?:
		  bind_gated(&self->exempt, &number, &token);

	if (ret)
		return ret;
	self->gated = true;
	fflush(stdout);
	for (int i = 0; i < ASKING; i++) {
		self->asking[i] = fork();
		if (self->asking[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		for (;;) {
			close(open("dir/gated", O_RDONLY));
			usleep(500);
		}
	}
	return 0;
}

static void ungate(fixture *self)
{
	if (!self->gated)
		return;
	for (int i = 0; i < ASKING; i++) {
		kill(self->asking[i], SIGKILL);
		waitpid(self->asking[i], NULL, 0);
	}
	set_parameter("gate_lift", "1");
	nl_close(&self->exempt);
}

static void sockets_close(fixture *self)
{
	nl_close(&self->member);
	nl_close(&self->other);
}

/* A group that no input knows goes on as if nothing was. */
static const char *check_keeper(fixture *self)
{
	static int n;
	char name[32];

	nl_begin(&self->keeper, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&self->keeper, FANOTIFY_A_GROUP_NUMBER, self->keeper_group);
	if (nl_call(&self->keeper))
		return "the other group is gone";
	if (nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_GROUP_MARKS)) != 1 ||
	    nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_GROUP_MEMBERS)) != 1)
		return "the other group has changed";
	snprintf(name, sizeof(name), "keeper/%d", n++);
	if (make_file(name))
		return "no file can be made";
	if (nl_recv(&self->keeper, 10000) <= 0 ||
	    nl_cmd((struct nlmsghdr *)self->keeper.received) != FANOTIFY_CMD_EVENT)
		return "the other group gets no event";
	unlink(name);
	return NULL;
}

FIXTURE_SETUP(nlfuzz)
{
	struct file_handle *handle = (void *)&(char[sizeof(*handle) + 128]){ 0 };
	int pipefd[2], mount_id, i = 0;

	ASSERT_LT(0, watch());
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mkdir("keeper", 0755));
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, symlink("nowhere", "symlink"));
	ASSERT_EQ(0, mkfifo("fifo", 0644));
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, nl_open(&self->keeper));
	ASSERT_EQ(0, policy_get(&self->keeper, &self->f.policy));
	nl_begin(&self->keeper, FANOTIFY_CMD_CAPS_GET, 0);
	ASSERT_EQ(0, nl_call(&self->keeper));
	self->f.kinds = nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_CAPS_KINDS));
	self->fd[i++] = open("dir", O_RDONLY);
	self->fd[i++] = open("file", O_PATH);
	self->fd[i++] = open("symlink", O_PATH | O_NOFOLLOW);
	self->fd[i++] = open("fifo", O_PATH);
	self->fd[i++] = pipefd[0];
	self->fd[i++] = eventfd(0, 0);
	self->fd[i++] = memfd_create("memfd", 0);
	self->fd[i++] = self->keeper.fd;
	self->fd[i++] = open("/proc/self", O_RDONLY);
	self->fd[i++] = open("/mnt/disk", O_PATH);
	self->fd[i++] = open("/dev/null", O_PATH);
	for (int n = 0; n < i; n++) {
		ASSERT_LE(0, self->fd[n]);
	}
	self->fd[i++] = 1000;
	self->fd[i++] = -100;
	ASSERT_EQ(RANDOM_FDS, i);
	self->names.family = self->keeper.family;
	self->names.fd_name = random_fd_names;
	self->names.fd = self->fd;
	self->f.text = shared->text;
	handle->handle_bytes = 128;
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, "file", handle, &mount_id, 0));
	self->f.handle_type = handle->handle_type;
	self->f.handle_len = handle->handle_bytes;
	memcpy(self->f.handle, handle->f_handle, handle->handle_bytes);
	ASSERT_EQ(0, nl_bind(&self->keeper, &self->keeper_group, &self->keeper_token));
	ASSERT_EQ(0, nl_mark(&self->keeper, self->keeper_group, self->keeper_token,
			     FANOTIFY_MARK_TYPE_INODE, open("keeper", O_PATH), KIND(CREATE)));
	ASSERT_EQ(0, fanotify_nl_open(&self->library));
	ASSERT_EQ(0, fanotify_nl_journal_create(self->library, "/mnt/disk", 1, NULL, NULL));
	ASSERT_EQ(0, sockets_open(self));
}

FIXTURE_TEARDOWN(nlfuzz)
{
	struct fanotify_nl_journal_info info;

	sockets_close(self);
	EXPECT_STREQ("", check_keeper(self) ?: "");
	ungate(self);
	if (!fanotify_nl_journal_get(self->library, "/mnt/disk", &info))
		EXPECT_EQ(0, fanotify_nl_journal_stop(self->library, info.id, 0));
	EXPECT_EQ(0, fanotify_nl_journal_remove(self->library, "/mnt/disk"));
	fanotify_nl_close(self->library);
	nl_close(&self->keeper);
}

/* Return: NULL, or what is wrong with what came of it. */
static const char *send_input(fixture *self, const char *text)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct input *input = &self->input;
	struct nl *nl;
	const char *wrong;
	int ret = input_build(input, text, &self->names);

	if (ret == -E2BIG)
		return NULL;
	if (ret)
		return "the text is wrong";
	nl = input->from_member ? &self->member : &self->other;
	self->answers = 0;
	self->error = 0;
	self->text[0] = '\0';
	shared->n++;
	if (sendto(nl->fd, input->data, input->len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return errno == EMSGSIZE ? NULL : "it cannot be sent";
	/* every now and then a dump is left unfinished, and the socket closed */
	if (input->dump && input->messages == 1 && rng_percent(&self->f.rng, 10))
		return NULL;
	wrong = take_all(self, nl);
	if (!wrong && !input->mangled && input->messages == 1 && !self->answers &&
	    strstr(text, " flags 0x5\n"))
		wrong = "no answer";
	return wrong;
}

static const char *fuzz(fixture *self, unsigned long long seed, unsigned int count)
{
	unsigned long unbound = self->done[FANOTIFY_CMD_UNBIND];
	const char *wrong = NULL;
	unsigned int i;

	printf("# seed %llu\n", seed);
	fflush(stdout);
	self->f.rng.state = seed;
	for (i = 0; i < count && !wrong; i++) {
		if (i % ROUND == 0 || unbound != self->done[FANOTIFY_CMD_UNBIND]) {
			sockets_close(self);
			self->error = sockets_open(self);
			strcpy(self->text, self->member.text);
			wrong = self->error ? "sockets cannot be bound any more" :
					      check_keeper(self);
			unbound = self->done[FANOTIFY_CMD_UNBIND];
		}
		random_input(&self->f);
		wrong = wrong ?: send_input(self, self->f.text);
	}
	if (wrong)
		printf("# %s: input %u of seed %llu (error %d, '%s'):\n%s", wrong, i, seed,
		       self->error, self->text, self->f.text);
	return wrong;
}

/* ---- the corpus ---- */

static int read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return -errno;
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
	return n;
}

/*
 * The first line says how it has to end: "# expect ERROR [TEXT]"; with " | " between
 * the texts of different versions of Linux.
 */
static const char *check_expected(const fixture *self, const char *text)
{
	static const char expect[] = "# expect ", or[] = " | ";
	const char *end, *next;
	char *why;

	if (strncmp(text, expect, strlen(expect)))
		return "the first line does not say what to expect";
	if (strtol(text + strlen(expect), &why, 10) != self->error)
		return "another error than expected";
	why += *why == ' ';
	end = why + strcspn(why, "\n");
	for (const char *one = why; one <= end; one = next + strlen(or)) {
		next = memmem(one, end - one, or, strlen(or)) ?: end;
		if ((size_t)(next - one) == strlen(self->text) &&
		    !strncmp(one, self->text, next - one))
			return NULL;
	}
	return "another text than expected";
}

TEST_F_TIMEOUT(nlfuzz, corpus, 120)
{
	static char text[INPUT_TEXT_MAX];
	unsigned int files = 0;
	struct dirent **list;
	char path[512];
	int n = scandir(corpus, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *wrong;

		if (!strstr(list[i]->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", corpus, list[i]->d_name);
		ASSERT_LT(0, read_text(path, text, sizeof(text)));
		sockets_close(self);
		ASSERT_EQ(0, sockets_open(self));
		strcpy(shared->text, text);
		wrong = send_input(self, text) ?: check_expected(self, text);
		EXPECT_EQ(NULL, wrong) {
			TH_LOG("%s: %s: %d '%s'", list[i]->d_name, wrong, self->error, self->text);
		}
		files++;
	}
	EXPECT_LT(10, files);
}

TEST_F_TIMEOUT(nlfuzz, seeds, 3600)
{
	const __u64 end = now_ns() + minutes * 60e9;
	unsigned long long fresh;

	ASSERT_EQ(0, gate(self));
	if (one_seed) {
		ASSERT_EQ(NULL, fuzz(self, only_seed, count_per_seed));
		return;
	}
	for (int seed = 1; seed <= FIXED_SEEDS; seed++) {
		ASSERT_EQ(NULL, fuzz(self, seed, count_per_seed));
	}
	do {
		ASSERT_EQ(sizeof(fresh), getrandom(&fresh, sizeof(fresh), 0));
		ASSERT_EQ(NULL, fuzz(self, fresh >> 16, count_per_seed));
	} while (now_ns() < end);

	/* or else it was all refused at the door, or never */
	for (int cmd = 1; cmd <= FANOTIFY_CMD_MAX; cmd++) {
		printf("# command %d: done %lu times, refused %lu times\n", cmd, self->done[cmd],
		       self->refused[cmd]);
		if (cmd == FANOTIFY_CMD_EVENT || cmd == FANOTIFY_CMD_CONTROL_NTF)
			continue;
		/* no ring file, name or token is right */
		if (cmd != FANOTIFY_CMD_JOURNAL_START && cmd != FANOTIFY_CMD_JOURNAL_STOP &&
		    cmd != FANOTIFY_CMD_CONSUMER_ADD && cmd != FANOTIFY_CMD_CONSUMER_REMOVE &&
		    cmd != FANOTIFY_CMD_CONSUMER_ACK)
			EXPECT_LT(0, self->done[cmd]);
		EXPECT_LT(0, self->refused[cmd]);
	}
	EXPECT_LT(count_per_seed, self->texts);
}

/* A fixture of its own, as those run in this order. */
FIXTURE(after_all)
{
	int unused;
};

FIXTURE_SETUP(after_all)
{
}

FIXTURE_TEARDOWN(after_all)
{
}

TEST_F_TIMEOUT(after_all, nothing_is_left, 120)
{
	EXPECT_EQ(0, remains_listed());
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "corpus", required_argument, NULL, 'c' },
		{ },
	};
	int c;

	count_per_seed = slowness() > 1 ? 400 : 2000;
	minutes = slowness() > 1 ? 2 : 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			only_seed = strtoull(optarg, NULL, 0);
			one_seed = true;
			break;
		case 'n':
			count_per_seed = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			minutes = strtod(optarg, NULL);
			break;
		case 'c':
			corpus = optarg;
			break;
		default:
			return 2;
		}
	}
	/* it looks for options of its own */
	optind = 1;
	return test_harness_run(1, argv);
}
