// SPDX-License-Identifier: GPL-2.0
/*
 * The permission gate: what becomes of accesses when nobody answers, and of users
 * who ask too much.
 */
#include <time.h>

#include "test.h"
#include "gate.h"
#include "storm.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define DENY		FANOTIFY_VERDICT_DENY
#define DEFER		FANOTIFY_VERDICT_DEFER
#define ACTIVE		FANOTIFY_GATE_STATE_ACTIVE
#define LINGERING	FANOTIFY_GATE_STATE_LINGERING
#define HELD		FANOTIFY_GATE_STATE_HELD
#define SET(name)	FANOTIFY_NL_SET_##name
#define CONTROL(name)	FANOTIFY_CONTROL_EVENT_##name

#define NUMBER		77

/* What the kernel tells to the multicast group control. */
static struct nl control;

static int control_open(void)
{
	__u32 id;
	int ret = nl_open(&control);

	if (ret)
		return ret;
	/* groups are numbered in the order of the spec: events, control */
	id = control.mcast + 1;
	return setsockopt(control.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)) ?
	       -errno : 0;
}

/* The next one; .what is 0 if there is none. */
static struct fanotify_nl_control control_next(int timeout_ms)
{
	struct fanotify_nl_control event = {};
	int len = nl_recv(&control, timeout_ms);

	if (len > 0 && fanotify_nl_parse_control(control.received, len, &event))
		event.what = ~0U;
	return event;
}

/* Whether this comes next. */
#define TOLD(name)	(control_next(5000).what == CONTROL(name))

FIXTURE(gate)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(gate)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(0, control_open());
}

FIXTURE_TEARDOWN(gate)
{
	fanotify_nl_close(self->h);
	set_parameter("gate_lift", "1");
	nl_close(&control);
}

#define BIND(...) ({									\
	struct fanotify_nl_settings _settings = { __VA_ARGS__ };			\
											\
	self->h = gate_open(NUMBER, 0, _settings);					\
	ASSERT_NE(NULL, self->h);							\
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(OPEN_PERM)));		\
})

/* An access that nobody answers: its errno; it took between these times. */
#define UNANSWERED(least, most) ({							\
	struct access _a;								\
	int _err;									\
											\
	ASSERT_EQ(0, access_start(&_a, OPEN, "file", 0));				\
	_err = access_end(&_a, 30000);							\
	EXPECT_LE((least) * 0.6, _a.ms);						\
	EXPECT_GE((most) * (double)slowness(), _a.ms);					\
	_err;										\
})

TEST_F(gate, on_timeout_allow)
{
	struct fanotify_nl_control told;

	BIND(.set = SET(TIMEOUT_MS), .timeout_ms = 200);
	EXPECT_EQ(0, UNANSWERED(200, 400));
	told = control_next(5000);
	EXPECT_EQ(CONTROL(TIMEOUT), told.what);
	EXPECT_EQ(NUMBER, told.group);
	EXPECT_EQ(1, told.member);
	EXPECT_EQ(1, told.id);
	EXPECT_EQ(0, told.uid);
	EXPECT_EQ(0, told.outcome);
	EXPECT_EQ(1, gate_of(NUMBER).timeouts);
}

TEST_F(gate, on_timeout_deny)
{
	struct fanotify_nl_settings later = GATE_SET(ON_TIMEOUT, on_timeout, EBUSY);

	BIND(.set = SET(TIMEOUT_MS) | SET(ON_TIMEOUT), .timeout_ms = 200, .on_timeout = EPERM);
	EXPECT_EQ(EPERM, UNANSWERED(200, 400));
	EXPECT_EQ(EPERM, control_next(5000).outcome);
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &later));
	EXPECT_EQ(EBUSY, UNANSWERED(200, 400));
}

/* A clock that was started is shortened, too. */
TEST_F(gate, timeout_while_it_runs)
{
	struct fanotify_nl_settings shorter = GATE_SET(TIMEOUT_MS, timeout_ms, 100);
	struct access a;

	BIND(.set = SET(TIMEOUT_MS), .timeout_ms = 600000);
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(self->h, 5000, NULL));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &shorter));
	EXPECT_EQ(0, access_end(&a, 5000));
}

TEST_F(gate, defer)
{
	struct access a;
	__s64 id;

	BIND(.set = SET(TIMEOUT_MS) | SET(ON_TIMEOUT), .timeout_ms = 300 * slowness(),
	     .on_timeout = EPERM);
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(-ETIMEDOUT, access_end(&a, 150));
		ASSERT_EQ(0, gate_verdict(self->h, id, DEFER, 0, 0));
	}
	ASSERT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(6, gate_of(NUMBER).deferred);
	EXPECT_EQ(0, gate_of(NUMBER).timeouts);
}

static __u64 boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* A deadline is never after the end of the wait. */
TEST_F_TIMEOUT(gate, deadline_near_the_end, 60)
{
	struct fanotify_nl_bind join = { .number = NUMBER };
	__u64 ms = slowness() * 1000000, begun;
	struct fanotify_nl_event event;
	struct fanotify_nl *other;
	struct access a;

	BIND(.set = SET(TIMEOUT_MS) | SET(WAIT_MS), .timeout_ms = 4000 * slowness(),
	     .wait_ms = 6000 * slowness());
	begun = boottime_ns();
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(self->h, 5000, &event));
	EXPECT_LE(begun + 4000 * ms, event.deadline);
	ASSERT_EQ(0, fanotify_nl_open(&other));
	ASSERT_EQ(0, fanotify_nl_bind(other, &join));
	usleep(3600000 * slowness());
	ASSERT_EQ(0, fanotify_nl_unbind(self->h));
	ASSERT_LT(0, gate_next(other, 5000, &event));
	EXPECT_GE(begun + 6800 * ms, event.deadline);
	EXPECT_EQ(0, gate_verdict(other, event.id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 5000));
	fanotify_nl_close(other);
}

/* However often it is deferred. */
TEST_F(gate, wait)
{
	struct access a;
	__s64 id;

	BIND(.set = SET(TIMEOUT_MS) | SET(WAIT_MS) | SET(ON_TIMEOUT),
	     .timeout_ms = 300 * slowness(), .wait_ms = 1000 * slowness(), .on_timeout = EIO);
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	while (!gate_verdict(self->h, id, DEFER, 0, 0))
		usleep(20000);
	EXPECT_EQ(EIO, access_end(&a, 5000));
	EXPECT_LE(980 * (int)slowness(), a.ms);
	EXPECT_TRUE(TOLD(TIMEOUT));
}

/*
 * What no member has seen was not let through, whatever is done on timeout, and gives
 * up in time: these do not fit into the socket, which nobody reads.
 */
TEST_F(gate, undelivered)
{
	struct fanotify_nl_bind bind = {
		.number = NUMBER, .rcvbuf = 65536, .settings = {
			.set = SET(FLAGS) | SET(TIMEOUT_MS) | SET(WAIT_MS) | SET(WINDOW) |
			       SET(EVICT_AFTER),
			.flags = PERMISSION, .timeout_ms = 300 * slowness(),
			.wait_ms = 600 * slowness(), .window = 1024, .evict_after = 0,
		},
	};
	struct fanotify_nl_control told;
	int allowed = 0, busy = 0, err;
	struct access a[80];

	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, fanotify_nl_bind(self->h, &bind));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(OPEN_PERM)));
	for (int i = 0; i < 80; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "file", 1001));
	for (int i = 0; i < 80; i++) {
		err = access_end(&a[i], 30000);
		allowed += !err;
		busy += err == EBUSY;
	}
	EXPECT_LT(0, allowed);
	EXPECT_LT(0, busy);
	EXPECT_EQ(80, allowed + busy);
	EXPECT_EQ(allowed, gate_of(NUMBER).timeouts);
	EXPECT_EQ(busy, gate_of(NUMBER).undelivered);
	do {
		told = control_next(1000);
	} while (told.what == CONTROL(TIMEOUT));
	EXPECT_EQ(CONTROL(UNDELIVERED), told.what);
	EXPECT_EQ(1001, told.uid);
	EXPECT_EQ(EBUSY, told.outcome);
	/* once it is read, it is used again */
	while (gate_next(self->h, 0, NULL) > 0)
		;
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
}

/* Those of one stall count as one: they were delivered together. */
TEST_F(gate, a_stall_evicts_nobody)
{
	struct access a[12];

	BIND(.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER), .timeout_ms = 500 * slowness(),
	     .evict_after = 5);
	for (int i = 0; i < 12; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "file", 0));
	for (int i = 0; i < 12; i++)
		EXPECT_EQ(0, access_end(&a[i], 30000));
	EXPECT_EQ(12, gate_of(NUMBER).timeouts);
	EXPECT_EQ(0, gate_of(NUMBER).evictions);
}

/* An answer in between, and the row begins anew. */
TEST_F(gate, evicted_in_a_row)
{
	BIND(.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER), .timeout_ms = 50, .evict_after = 3);
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 2; j++) {
			UNANSWERED(50, 500);
			gate_next(self->h, 0, NULL);
		}
		EXPECT_EQ(0, gate_try(self->h, OPEN, "file", ALLOW, 0, 0));
	}
	EXPECT_EQ(0, gate_of(NUMBER).evictions);
	for (int j = 0; j < 3; j++)
		UNANSWERED(50, 500);
	EXPECT_TRUE(gate_becomes(NUMBER, 0));
}

TEST_F(gate, never_evicted)
{
	BIND(.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER), .timeout_ms = 100, .evict_after = 0);
	for (int j = 0; j < 12; j++)
		UNANSWERED(100, 500);
	EXPECT_EQ(12, gate_of(NUMBER).timeouts);
	EXPECT_EQ(0, gate_of(NUMBER).evictions);
}

static void evict(struct __test_metadata *_metadata)
{
	for (int j = 0; j < 2; j++)
		UNANSWERED(100, 500);
	EXPECT_TRUE(TOLD(TIMEOUT));
	EXPECT_TRUE(TOLD(TIMEOUT));
	EXPECT_TRUE(TOLD(EVICTION));
}

TEST_F(gate, on_evict_allow)
{
	struct fanotify_nl_event event;
	struct fanotify_nl_gate gone;
	int ret;

	BIND(.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER), .timeout_ms = 100, .evict_after = 2);
	evict(_metadata);
	EXPECT_TRUE(gate_becomes(NUMBER, 0));
	gone = gate_of(NUMBER);
	EXPECT_EQ(0, gone.state);
	EXPECT_EQ(0, UNANSWERED(0, 100));
	/* who was evicted is told, after what was left */
	do {
		ret = fanotify_nl_wait_event(self->h, &event, 5000);
	} while (ret == 1);
	EXPECT_EQ(-ESHUTDOWN, ret);
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, 1, ALLOW, 0, 0));
}

TEST_F(gate, on_evict_deny)
{
	struct fanotify_nl *h;

	BIND(.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER) | SET(ON_EVICT), .timeout_ms = 100,
	     .evict_after = 2, .on_evict = FANOTIFY_ON_EVICT_DENY);
	evict(_metadata);
	EXPECT_TRUE(TOLD(HOLD));
	EXPECT_TRUE(gate_becomes(NUMBER, HELD));
	EXPECT_EQ(EPERM, UNANSWERED(0, 100));

	/* whoever binds to it decides again */
	fanotify_nl_close(self->h);
	self->h = gate_open(NUMBER, 0, GATE_SET(ON_EVICT, on_evict, FANOTIFY_ON_EVICT_DENY));
	ASSERT_NE(NULL, self->h);
	EXPECT_TRUE(TOLD(TAKE_OVER));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "file", ALLOW, 0, 0));
	EXPECT_EQ(1, gate_of(NUMBER).takeovers);
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(-EBUSY, fanotify_nl_gate_lift(h, NUMBER));
	EXPECT_EQ(-ENOENT, fanotify_nl_gate_lift(h, NUMBER + 1));

	/* a death is no goodbye */
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_TRUE(TOLD(HOLD));
	EXPECT_EQ(EPERM, UNANSWERED(0, 100));
	EXPECT_EQ(0, fanotify_nl_gate_lift(h, NUMBER));
	EXPECT_TRUE(TOLD(LIFT));
	EXPECT_EQ(0, UNANSWERED(0, 100));
	EXPECT_EQ(0, gate_of(NUMBER).state);
	fanotify_nl_close(h);
}

TEST_F(gate, lifted_by_the_parameter)
{
	BIND(.set = SET(ON_EVICT), .on_evict = FANOTIFY_ON_EVICT_DENY);
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_EQ(EPERM, UNANSWERED(0, 100));
	ASSERT_EQ(0, set_parameter("gate_lift", "0"));
	EXPECT_EQ(EPERM, UNANSWERED(0, 100));
	ASSERT_EQ(0, set_parameter("gate_lift", "1"));
	EXPECT_EQ(0, UNANSWERED(0, 100));
}

/* Who says goodbye leaves nothing behind, whatever is set. */
TEST_F(gate, unbind)
{
	struct access a;

	BIND(.set = SET(ON_EVICT) | SET(LINGER_MS), .on_evict = FANOTIFY_ON_EVICT_DENY,
	     .linger_ms = 60000);
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(self->h, 5000, NULL));
	ASSERT_EQ(0, fanotify_nl_unbind(self->h));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(0, gate_of(NUMBER).state);
}

TEST_F(gate, linger)
{
	struct fanotify_nl_settings settings = GATE_SET(LINGER_MS, linger_ms, 60000);
	struct fanotify_nl_settings others = GATE_SET(LINGER_MS, linger_ms, 1);
	struct fanotify_nl_bind bind = { .number = NUMBER, .settings = others };
	struct access answered, pending, later;
	struct fanotify_nl *h;
	__s64 ids[2], again[2];

	BIND(.set = settings.set, .linger_ms = settings.linger_ms);
	ASSERT_EQ(0, access_start(&answered, OPEN, "file", 0));
	ids[0] = gate_next(self->h, 5000, NULL);
	ASSERT_EQ(0, access_start(&pending, OPEN, "file", 0));
	ids[1] = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, ids[1]);
	ASSERT_EQ(0, gate_verdict(self->h, ids[0], DENY, 0, 0));
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_TRUE(TOLD(LINGER));
	EXPECT_EQ(LINGERING, gate_of(NUMBER).state);
	EXPECT_EQ(EPERM, access_end(&answered, 5000));
	ASSERT_EQ(0, access_start(&later, OPEN, "file", 0));
	EXPECT_EQ(-ETIMEDOUT, access_end(&later, 300));
	EXPECT_EQ(-ETIMEDOUT, access_end(&pending, 0));

	/* only who wants the same takes it over */
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(-EEXIST, fanotify_nl_bind(h, &bind));
	fanotify_nl_close(h);
	self->h = gate_open(NUMBER, 0, settings);
	ASSERT_NE(NULL, self->h);
	EXPECT_TRUE(TOLD(TAKE_OVER));
	again[0] = gate_next(self->h, 5000, NULL);
	again[1] = gate_next(self->h, 5000, NULL);
	EXPECT_TRUE(again[0] == ids[1] || again[1] == ids[1]);
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, ids[0], ALLOW, 0, 0));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, gate_verdict(self->h, again[i], again[i] == ids[1] ? DENY : ALLOW,
					  EIO * (again[i] == ids[1]), 0));
	EXPECT_EQ(EIO, access_end(&pending, 5000));
	EXPECT_EQ(0, access_end(&later, 5000));
	EXPECT_EQ(0, gate_next(self->h, 0, NULL));
}

/* What is no request is not delivered again: a successor learns that it is missing. */
TEST_F(gate, linger_misses_events)
{
	struct fanotify_nl_settings settings = GATE_SET(LINGER_MS, linger_ms, 60000);
	struct fanotify_nl_event event;

	BIND(.set = settings.set, .linger_ms = settings.linger_ms);
	ASSERT_EQ(0, listen_mark(self->h, FANOTIFY_MARK_TYPE_FILESYSTEM, ".", KIND(CREATE)));
	fanotify_nl_close(self->h);
	self->h = NULL;
	ASSERT_EQ(0, mkdir("one", 0755));
	ASSERT_EQ(0, mkdir("two", 0755));
	self->h = gate_open(NUMBER, 0, settings);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(1, fanotify_nl_wait_event(self->h, &event, 5000));
	EXPECT_EQ(KIND(GAP), event.mask);
	EXPECT_EQ(FANOTIFY_GAP_REASON_MEMBER_GONE, event.gap.reason);
	EXPECT_EQ(2, event.gap.count);
	ASSERT_EQ(0, mkdir("three", 0755));
	ASSERT_EQ(1, fanotify_nl_wait_event(self->h, &event, 5000));
	EXPECT_STREQ("three", event.name);
}

/* So does one that a new filesystem is not watched. */
TEST_F(gate, linger_misses_a_filesystem)
{
	struct fanotify_nl_settings settings = GATE_SET(LINGER_MS, linger_ms, 60000);
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_GLOBAL, .mask = KIND(CREATE),
	};
	struct fanotify_nl_event event;

	self->h = gate_open(NUMBER, 0, settings);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	fanotify_nl_close(self->h);
	self->h = NULL;
	ASSERT_EQ(0, set_parameter("marks_max", "1"));
	EXPECT_EQ(0, mkdir("mnt", 0755));
	EXPECT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, set_parameter("marks_max", "1048576"));
	self->h = gate_open(NUMBER, 0, settings);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(1, fanotify_nl_wait_event(self->h, &event, 5000));
	EXPECT_EQ(KIND(GAP), event.mask);
	EXPECT_EQ(FANOTIFY_GAP_REASON_UNCOVERED, event.gap.reason);
	/* and so was the name of the directory */
	EXPECT_EQ(2, event.gap.count);
}

/* Close the gate's socket while an access waits for it; 0 if that goes on waiting. */
static int leave_waiting(struct fanotify_nl **h, struct access *a)
{
	bool asked = !access_start(a, OPEN, "file", 0) && gate_next(*h, 5000, NULL) > 0;

	fanotify_nl_close(*h);
	*h = NULL;
	return asked && access_end(a, 100) == -ETIMEDOUT ? 0 : -1;
}

TEST_F(gate, linger_lifted)
{
	struct fanotify_nl *h;
	struct access a;

	BIND(.set = SET(LINGER_MS), .linger_ms = 60000);
	ASSERT_EQ(0, leave_waiting(&self->h, &a));
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(0, fanotify_nl_gate_lift(h, NUMBER));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(0, gate_of(NUMBER).state);
	fanotify_nl_close(h);
}

/* Nobody has to be a member for that. */
TEST_F(gate, set_while_it_lingers)
{
	struct fanotify_nl_settings shorter = {
		.set = SET(TIMEOUT_MS) | SET(WAIT_MS) | SET(ON_TIMEOUT),
		.timeout_ms = 100, .wait_ms = 100, .on_timeout = EBUSY,
	};
	struct fanotify_nl *h;
	struct access a;

	BIND(.set = SET(LINGER_MS), .linger_ms = 60000);
	ASSERT_EQ(0, leave_waiting(&self->h, &a));
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(-ENOENT, fanotify_nl_group_set_by_number(h, NUMBER + 1, &shorter));
	EXPECT_EQ(0, fanotify_nl_group_set_by_number(h, NUMBER, &shorter));
	EXPECT_EQ(EBUSY, access_end(&a, 10000));
	EXPECT_EQ(LINGERING, gate_of(NUMBER).state);
	fanotify_nl_close(h);
}

TEST_F(gate, set_while_it_denies)
{
	struct fanotify_nl_settings wider = GATE_SET(WINDOW, window, 99);
	struct fanotify_nl_group_info info;
	struct fanotify_nl *h;

	BIND(.set = SET(ON_EVICT), .on_evict = FANOTIFY_ON_EVICT_DENY);
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_TRUE(gate_becomes(NUMBER, HELD));
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(0, fanotify_nl_group_set_by_number(h, NUMBER, &wider));
	ASSERT_EQ(0, fanotify_nl_group_get(h, NUMBER, &info));
	EXPECT_EQ(99, info.settings.window);
	EXPECT_EQ(0, info.members);
	EXPECT_EQ(HELD, info.gate.state);
	EXPECT_EQ(EPERM, UNANSWERED(0, 100));

	/* and who succeeds finds it so */
	self->h = gate_open(NUMBER, 0, wider);
	ASSERT_NE(NULL, self->h);
	EXPECT_EQ(0, gate_try(self->h, OPEN, "file", ALLOW, 0, 0));
	fanotify_nl_close(h);
}

FIXTURE(linger)
{
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(linger)
{
	__u32 on_evict;
	int error;
	__u32 state;
};

FIXTURE_VARIANT_ADD(linger, allow) { FANOTIFY_ON_EVICT_ALLOW, 0, 0 };
FIXTURE_VARIANT_ADD(linger, deny) { FANOTIFY_ON_EVICT_DENY, EPERM, HELD };

FIXTURE_SETUP(linger)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file("file", "text"));
}

FIXTURE_TEARDOWN(linger)
{
	set_parameter("gate_lift", "1");
}

/* Nobody has come. */
TEST_F(linger, over)
{
	struct access a;

	BIND(.set = SET(LINGER_MS) | SET(ON_EVICT), .linger_ms = 300,
	     .on_evict = variant->on_evict);
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(self->h, 5000, NULL));
	fanotify_nl_close(self->h);
	EXPECT_EQ(variant->error, access_end(&a, 10000));
	EXPECT_LE(290, a.ms);
	EXPECT_TRUE(gate_becomes(NUMBER, variant->state));
	EXPECT_EQ(variant->error, UNANSWERED(0, 100));
}

/* What a member leaves unanswered goes to the others. */
TEST_F(gate, other_members)
{
	struct fanotify_nl_bind join = { .number = NUMBER };
	struct fanotify_nl *other;
	struct access a[8];
	__s64 id[8];
	int n = 0;

	BIND(.set = SET(TIMEOUT_MS), .timeout_ms = 60000);
	ASSERT_EQ(0, fanotify_nl_open(&other));
	ASSERT_EQ(0, fanotify_nl_bind(other, &join));
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "file", 0));
	while (n < 4 && (id[n] = gate_next(other, 5000, NULL)) > 0)
		n++;
	/* they share them out evenly */
	EXPECT_EQ(4, n);
	EXPECT_EQ(0, gate_next(other, 0, NULL));
	for (int i = 0; i < 4; i++) {
		__s64 first = gate_next(self->h, 5000, NULL);

		ASSERT_LT(0, first);
		EXPECT_EQ(0, gate_verdict(self->h, first, ALLOW, 0, 0));
	}
	fanotify_nl_close(other);
	for (int i = 0; i < 4; i++) {
		__s64 again = gate_next(self->h, 5000, NULL);

		ASSERT_LT(0, again);
		EXPECT_TRUE(again == id[0] || again == id[1] || again == id[2] || again == id[3]);
		EXPECT_EQ(0, gate_verdict(self->h, again, ALLOW, 0, 0));
	}
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(0, access_end(&a[i], 5000));
	EXPECT_EQ(ACTIVE, gate_of(NUMBER).state);
}

/* One user has a quarter of what is free; another one finds a place at once. */
TEST_F(gate, window)
{
	struct fanotify_nl_event event;
	struct fanotify_nl_settings wider = GATE_SET(WINDOW, window, 20);
	struct access a[8], other;
	__s64 id[3];

	BIND(.set = SET(TIMEOUT_MS) | SET(WINDOW), .timeout_ms = 60000, .window = 16);
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "file", 1001));
	for (int i = 0; i < 3; i++) {
		id[i] = gate_next(self->h, 5000, NULL);
		ASSERT_LT(0, id[i]);
	}
	EXPECT_EQ(0, gate_next(self->h, 200, NULL));
	ASSERT_EQ(0, access_start(&other, OPEN, "file", 1002));
	ASSERT_LT(0, gate_next(self->h, 5000, &event));
	EXPECT_EQ(1002, event.actor.uid);
	EXPECT_EQ(0, gate_verdict(self->h, event.id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&other, 5000));
	/* a place that becomes free is taken */
	EXPECT_EQ(0, gate_verdict(self->h, id[0], ALLOW, 0, 0));
	EXPECT_LT(0, gate_next(self->h, 5000, NULL));
	EXPECT_EQ(0, gate_next(self->h, 100, NULL));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &wider));
	EXPECT_LT(0, gate_next(self->h, 5000, NULL));
	EXPECT_EQ(0, gate_next(self->h, 100, NULL));
	for (int i = 0; i < 8; i++)
		access_kill(&a[i]);
}

TEST_F(gate, uid_pending)
{
	struct fanotify_nl_settings more = GATE_SET(UID_PENDING, uid_pending, 3);
	struct fanotify_nl_control told;
	struct access a[5], other;
	struct fanotify_nl_event event;
	__s64 id;

	BIND(.set = SET(TIMEOUT_MS) | SET(UID_PENDING), .timeout_ms = 60000, .uid_pending = 2);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "file", 1001));
	id = gate_next(self->h, 5000, NULL);
	EXPECT_LT(0, gate_next(self->h, 5000, NULL));
	EXPECT_EQ(0, gate_next(self->h, 300, NULL));
	EXPECT_EQ(2, gate_of(NUMBER).pending);
	EXPECT_EQ(3, gate_of(NUMBER).parked);
	/* others are not concerned */
	ASSERT_EQ(0, access_start(&other, OPEN, "file", 1002));
	ASSERT_LT(0, gate_next(self->h, 5000, &event));
	EXPECT_EQ(1002, event.actor.uid);
	EXPECT_EQ(0, gate_verdict(self->h, event.id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&other, 5000));
	/* who waits is let in when there is a place */
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_LT(0, gate_next(self->h, 5000, NULL));
	EXPECT_EQ(0, gate_next(self->h, 100, NULL));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &more));
	EXPECT_LT(0, gate_next(self->h, 5000, NULL));
	EXPECT_EQ(3, gate_of(NUMBER).pending);
	EXPECT_EQ(1, gate_of(NUMBER).parked);
	for (int i = 0; i < 5; i++)
		access_kill(&a[i]);
	EXPECT_EQ(0, gate_of(NUMBER).pending);
	EXPECT_EQ(0, gate_of(NUMBER).parked);
	told = control_next(5000);
	EXPECT_EQ(CONTROL(LIMIT), told.what);
	EXPECT_EQ(1001, told.uid);
}

static const struct {
	__u32 set;
	size_t offset;
	const char *name;
	__u32 preset, least, most;
	const char *parameter;
} tunables[] = {
	{ SET(TIMEOUT_MS), offsetof(struct fanotify_nl_settings, timeout_ms), "timeout", 5000, 10,
	  600000, "timeout_max" },
	{ SET(WAIT_MS), offsetof(struct fanotify_nl_settings, wait_ms), "wait", 60000, 10,
	  3600000, NULL },
	{ SET(EVICT_AFTER), offsetof(struct fanotify_nl_settings, evict_after), "evict-after", 10,
	  0, 1000000, NULL },
	{ SET(ON_EVICT), offsetof(struct fanotify_nl_settings, on_evict), "on-evict", 1, 1, 2,
	  NULL },
	{ SET(LINGER_MS), offsetof(struct fanotify_nl_settings, linger_ms), "linger", 0, 0,
	  600000, "linger_max" },
	{ SET(UID_PENDING), offsetof(struct fanotify_nl_settings, uid_pending), "uid-pending",
	  1024, 1, 65536, "pending_max" },
	{ SET(WINDOW), offsetof(struct fanotify_nl_settings, window), "window", 64, 2, 1024,
	  NULL },
};

static struct fanotify_nl_settings one_setting(int i, __u32 value)
{
	struct fanotify_nl_settings settings = { .set = tunables[i].set };

	*(__u32 *)((char *)&settings + tunables[i].offset) = value;
	return settings;
}

static __u32 setting_of(int i)
{
	struct fanotify_nl_group_info info = {};
	struct fanotify_nl *h;

	if (!fanotify_nl_open(&h))
		fanotify_nl_group_get(h, NUMBER, &info);
	fanotify_nl_close(h);
	return *(__u32 *)((char *)&info.settings + tunables[i].offset);
}

/* At bind and while running, shown, and its bounds. */
TEST_F(gate, settings)
{
	for (unsigned int i = 0; i < sizeof(tunables) / sizeof(tunables[0]); i++) {
		struct fanotify_nl_settings least = one_setting(i, tunables[i].least);
		struct fanotify_nl_settings most = one_setting(i, tunables[i].most);
		struct fanotify_nl_settings beyond = one_setting(i, tunables[i].most + 1);
		struct fanotify_nl_settings below = one_setting(i, tunables[i].least - 1);
		struct fanotify_nl_bind bind = { .number = NUMBER };
		struct fanotify_nl *h;

		h = gate_open(NUMBER, 0, (struct fanotify_nl_settings){});
		ASSERT_NE(NULL, h);
		EXPECT_EQ(tunables[i].preset, setting_of(i)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(0, fanotify_nl_group_set(h, &least)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(tunables[i].least, setting_of(i)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(0, fanotify_nl_group_set(h, &most)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(tunables[i].most, setting_of(i)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(-ERANGE, fanotify_nl_group_set(h, &beyond)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(-ERANGE, fanotify_nl_group_set(h, &below)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(tunables[i].most, setting_of(i)) TH_LOG("%s", tunables[i].name);
		if (tunables[i].parameter) {
			ASSERT_EQ(0, set_parameter(tunables[i].parameter, "100"));
			EXPECT_EQ(-ERANGE, fanotify_nl_group_set(h, &most));
			EXPECT_NE(NULL, strstr(fanotify_nl_error(h), tunables[i].parameter));
			ASSERT_EQ(0, set_parameter(tunables[i].parameter,
						   i == 5 ? "65536" : "600000"));
		}
		fanotify_nl_unbind(h);
		bind.settings = most;
		bind.settings.set |= SET(FLAGS);
		bind.settings.flags = PERMISSION;
		EXPECT_EQ(0, fanotify_nl_bind(h, &bind)) TH_LOG("%s", tunables[i].name);
		EXPECT_EQ(tunables[i].most, setting_of(i)) TH_LOG("%s", tunables[i].name);
		fanotify_nl_unbind(h);
		fanotify_nl_close(h);
	}
}

/* What nobody asks for is not refused, be it below what the protocol allows. */
TEST_F(gate, parameters_below_all_bounds)
{
	struct fanotify_nl_settings mask = { .set = SET(STAT_MASK) };
	struct fanotify_nl_settings least = GATE_SET(TIMEOUT_MS, timeout_ms, 10);
	struct fanotify_nl *ordinary;
	int set, beyond;

	ASSERT_EQ(0, set_parameter("timeout_max", "9"));
	ASSERT_EQ(0, set_parameter("pending_max", "0"));
	ordinary = listen_open();
	set = ordinary ? fanotify_nl_group_set(ordinary, &mask) : -ENOTCONN;
	self->h = gate_open(NUMBER, 0, (struct fanotify_nl_settings){});
	beyond = self->h ? fanotify_nl_group_set(self->h, &least) : -ENOTCONN;
	ASSERT_EQ(0, set_parameter("timeout_max", "600000"));
	ASSERT_EQ(0, set_parameter("pending_max", "65536"));
	EXPECT_EQ(0, set);
	EXPECT_EQ(-ERANGE, beyond);
	EXPECT_EQ(10, setting_of(0));
	EXPECT_EQ(1, setting_of(5));
	fanotify_nl_close(ordinary);
}

TEST_F(gate, on_timeout_is_checked)
{
	struct fanotify_nl_settings settings = GATE_SET(ON_TIMEOUT, on_timeout, ENOENT);

	BIND(.set = 0);
	EXPECT_EQ(-EINVAL, fanotify_nl_group_set(self->h, &settings));
	EXPECT_STREQ("an access cannot fail with errno 2", fanotify_nl_error(self->h));
}

/* Nobody is told who may not know. */
TEST_F(gate, control_is_for_administrators)
{
	struct nl other;
	__u32 id = control.mcast + 1;

	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, seteuid(1001));
	EXPECT_EQ(-1, setsockopt(other.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, seteuid(0));
	nl_close(&other);
}

TEST_HARNESS_MAIN
