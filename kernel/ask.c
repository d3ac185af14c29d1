// SPDX-License-Identifier: GPL-2.0
/*
 * Asking for permission: fsnotify's callback.
 *
 * It is called once for each access, by the gate's marks (gate-mark.c), and asks
 * the permission groups one after the other, in the order of their priorities. What
 * each wants is what its own marks on the same objects say.
 *
 * While a task waits, fsnotify's SRCU lock is not held: that would hold up the
 * destruction of any mark, and so each close of an inotify or fanotify descriptor.
 * fsnotify_prepare_user_wait() pins the marks instead. A module is not given that
 * function; its address is found by a kprobe that is never armed, and it is called
 * directly, by a static call: an indirect call of a function that is not exported
 * traps on processors that track indirect branches (IBT), as the kernel has taken
 * away what such a branch must land on. Where one of it is not to be had, there
 * are no permission groups.
 */
#include <linux/kprobes.h>
#include <linux/mount.h>
#include <linux/static_call.h>

#include "ask.h"
#include "gate-mark.h"
#include "group.h"
#include "hook.h"
#include "kind.h"
#include "mark.h"
#include "perm.h"
#include "remember.h"

#ifndef MODULE

static inline bool fanl_prepare_user_wait(struct fsnotify_iter_info *iter_info)
{
	return fsnotify_prepare_user_wait(iter_info);
}

static inline void fanl_finish_user_wait(struct fsnotify_iter_info *iter_info)
{
	fsnotify_finish_user_wait(iter_info);
}

bool fanl_ask_available(void)
{
	return IS_ENABLED(CONFIG_FANOTIFY_ACCESS_PERMISSIONS);
}

void __init fanl_ask_init(void)
{
}

#elif defined(CONFIG_KPROBES) && defined(CONFIG_HAVE_STATIC_CALL_INLINE)

DEFINE_STATIC_CALL_NULL(fanl_prepare, fsnotify_prepare_user_wait);
DEFINE_STATIC_CALL_NULL(fanl_finish, fsnotify_finish_user_wait);

static bool fanl_ask_found;

static inline bool fanl_prepare_user_wait(struct fsnotify_iter_info *iter_info)
{
	return static_call(fanl_prepare)(iter_info);
}

static inline void fanl_finish_user_wait(struct fsnotify_iter_info *iter_info)
{
	static_call(fanl_finish)(iter_info);
}

static void *__init fanl_address_of(const char *symbol)
{
	struct kprobe kp = {
		.symbol_name = symbol,
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (register_kprobe(&kp))
		return NULL;
	unregister_kprobe(&kp);
	return kp.addr;
}

/**
 * fanl_ask_available - whether this kernel can have permission groups
 *
 * Return: whether fsnotify asks for permission, and lets us wait.
 */
bool fanl_ask_available(void)
{
	return IS_ENABLED(CONFIG_FANOTIFY_ACCESS_PERMISSIONS) && fanl_ask_found;
}

void __init fanl_ask_init(void)
{
	void *prepare = fanl_address_of("fsnotify_prepare_user_wait");
	void *finish = fanl_address_of("fsnotify_finish_user_wait");

	if (!prepare || !finish)
		return;
	static_call_update(fanl_prepare, prepare);
	static_call_update(fanl_finish, finish);
	fanl_ask_found = true;
}

#else

static inline bool fanl_prepare_user_wait(struct fsnotify_iter_info *iter_info)
{
	return false;
}

static inline void fanl_finish_user_wait(struct fsnotify_iter_info *iter_info)
{
}

bool fanl_ask_available(void)
{
	return false;
}

void __init fanl_ask_init(void)
{
}

#endif

/**
 * struct fanl_ask - an access
 * @fsn: the gate's group that fsnotify has called
 * @call: fsnotify's call about it
 * @iter_info: the gate's marks on what is accessed
 * @inode: what is accessed
 * @memory: its own mark of the gate, which remembers, or NULL
 * @wants: what the marks of the group say that is asked
 * @kinds: what it is asked about
 */
struct fanl_ask {
	struct fsnotify_group		*fsn;
	struct fanl_hook_call		call;
	struct fsnotify_iter_info	*iter_info;
	struct inode			*inode;
	struct fanl_gate_mark		*memory;
	struct fanl_hook_wants		wants;
	u64				kinds;
};

static struct sk_buff *fanl_ask_make(struct fanl_group *group, void *arg)
{
	struct fanl_ask *ask = arg;

	return fanl_hook_perm_event(group, &ask->call, &ask->wants, ask->kinds);
}

/* The mark of a group among those of an object. */
static struct fsnotify_mark *
fanl_ask_find(const struct fsnotify_mark_connector *conn,
	      const struct fsnotify_group *group)
{
	struct fsnotify_mark *fsn;

	if (!conn)
		return NULL;
	hlist_for_each_entry_rcu(fsn, &conn->list, obj_list, true)
		if (fsn->group == group)
			return fsn;
	return NULL;
}

/* The group's mark on the object that one of the gate's is on. */
static struct fanl_mark *fanl_ask_mark(const struct fanl_group *group,
				       const struct fsnotify_mark *gate_mark)
{
	struct fsnotify_mark *fsn;

	fsn = fanl_ask_find(READ_ONCE(gate_mark->connector), group->fsn);
	return fsn ? container_of(fsn, struct fanl_mark, fsn) : NULL;
}

/* As what fsnotify has found is not of the group that remembers. */
static struct fanl_gate_mark *fanl_ask_memory(struct inode *inode)
{
	struct fsnotify_mark *fsn;

	fsn = fanl_ask_find(rcu_dereference_raw(inode->i_fsnotify_marks),
			    fanl_gate_fsn);
	return fsn ? container_of(fsn, struct fanl_gate_mark, fsn) : NULL;
}

/* What the group wants to decide of this access. */
static u64 fanl_ask_kinds(struct fanl_group *group, struct fanl_ask *ask)
{
	struct fsnotify_mark *gate_mark;
	int type;

	ask->wants = (struct fanl_hook_wants){
		.kinds = ask->call.mask & (FANL_KINDS_PERM |
					   FANOTIFY_KIND_ONDIR),
	};
	fsnotify_foreach_iter_mark_type(ask->iter_info, gate_mark, type) {
		struct fanl_mark *mark = fanl_ask_mark(group, gate_mark);

		if (mark)
			fanl_hook_wants_add(&ask->wants, mark, type);
	}
	return fanl_hook_perm_kinds(group, &ask->call, &ask->wants);
}

/*
 * Skip marks that have gone from what fsnotify has found, also those of others, for which
 * older versions of 6.12 do not let a task wait either; return whether any had.
 */
static bool fanl_ask_skip_gone(struct fanl_ask *ask)
{
	struct fsnotify_iter_info *iter_info = ask->iter_info;
	bool skipped = false;
	int type;

	fsnotify_foreach_iter_type(type) {
		struct fsnotify_mark *gone = iter_info->marks[type], *next;

		if (!gone ||
		    (READ_ONCE(gone->flags) & FSNOTIFY_MARK_FLAG_ATTACHED))
			continue;
		next = hlist_entry_safe(READ_ONCE(gone->obj_list.next),
					struct fsnotify_mark, obj_list);
		iter_info->marks[type] = next;
		if (!next || next->group != iter_info->current_group)
			iter_info->report_mask &= ~BIT(type);
		if (type == FSNOTIFY_ITER_TYPE_INODE)
			ask->memory = NULL;
		skipped = true;
	}
	return skipped;
}

/*
 * Let the task wait. fsnotify does not, if one of the gate's marks has just gone;
 * but a file's own comes and goes with what is remembered, and that of its
 * filesystem still wants to know.
 *
 * Return: false if there is no gate any more.
 */
static bool fanl_ask_pin(struct fanl_ask *ask)
{
	while (!fanl_prepare_user_wait(ask->iter_info))
		if (!fanl_ask_skip_gone(ask) || !ask->iter_info->report_mask)
			return false;
	return true;
}

/* Return: 0 to go on, or a negative errno. */
static int fanl_ask_wait(struct fanl_group *group, struct fanl_ask *ask)
{
	struct fanl_perm perm = {
		.path = fsnotify_data_path(ask->call.data, ask->call.data_type),
		.kinds = ask->kinds & FANL_KINDS_PERM,
	};
	int err = 0;

	if (READ_ONCE(group->flags) & FANOTIFY_GROUP_FLAG_REMEMBER)
		perm.memory = fanl_memory_arm(ask->inode, ask->memory,
					      &perm.memory_seq);
	if (fanl_ask_pin(ask)) {
		err = fanl_perm_ask(group, &perm, fanl_ask_make, ask);
		fanl_finish_user_wait(ask->iter_info);
	}
	if (perm.memory)
		fsnotify_put_mark(&perm.memory->fsn);
	return err;
}

static int fanl_ask_group(struct fanl_group *group, struct fanl_ask *ask)
{
	int error;

	ask->kinds = fanl_ask_kinds(group, ask);
	if (!ask->kinds)
		return 0;
	if (ask->fsn == fanl_pre_gate_fsn)
		ask->memory = fanl_ask_memory(ask->inode);
	if (ask->memory &&
	    fanl_memory_recall(group, ask->memory, ask->inode,
			       ask->kinds & FANL_KINDS_PERM, &error)) {
		fanl_gate_remembered(group);
		return -error;
	}
	return fanl_ask_wait(group, ask);
}

/* fsnotify's callback: an access, or a change of a file that is remembered. */
int fanl_ask_event(struct fsnotify_group *fsn, u32 mask, const void *data,
		   int data_type, struct inode *dir, const struct qstr *name,
		   u32 cookie, struct fsnotify_iter_info *iter_info)
{
	struct fsnotify_mark *of_inode = fsnotify_iter_inode_mark(iter_info);
	struct fanl_ask ask = {
		.fsn = fsn,
		.call = {
			.mask = mask,
			.data = data,
			.data_type = data_type,
			.dir = dir,
			.name = name,
		},
		.iter_info = iter_info,
		.inode = fsnotify_data_inode(data, data_type),
	};
	struct fanl_gate_pos pos = {};
	struct fanl_group *group;
	int err = 0;

	if (of_inode && fsn == fanl_gate_fsn)
		ask.memory = container_of(of_inode, struct fanl_gate_mark, fsn);
	if (ask.memory && ((mask & FS_MODIFY) ||
			   ((mask & FS_OPEN_PERM) &&
			    inode_is_open_for_write(ask.inode))))
		fanl_memory_changed(ask.memory);
	if (!(mask & ALL_FSNOTIFY_PERM_EVENTS))
		return 0;
	/* fsnotify tells of others, too, if accesses to them are asked about */
	if ((mask & FANL_KIND_PRE_ACCESS) && !S_ISREG(ask.inode->i_mode))
		return 0;
	if (fanl_gate_exempt())
		return 0;
	while (!err && (group = fanl_gate_next(&pos))) {
		err = fanl_ask_group(group, &ask);
		fanl_gate_put(group);
	}
	return err;
}
