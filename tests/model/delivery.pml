/* SPDX-License-Identifier: GPL-2.0 */
/*
 * delivery.pml - how the events of one member reach its reader
 *
 * The model of the delivery state machine of kernel/queue.c, for spin.  States
 * and functions have the names they have there.  Run it with tests/model/check.
 *
 * What is modelled
 *   - Producers (fanl_queue_event): an event is pushed into the socket, queued,
 *     or lost and counted in a gap record.  Each may fail to get memory.
 *   - Readers (fanl_queue_fetch): recv; on a notice, on an answer that says
 *     that more is waiting, and on an error, one FETCH.  SPURIOUS more FETCHes
 *     come at any time and from any thread, without reason.
 *   - The end of the member at any time.
 *   - The socket's room in units: an event, a notice, an error are 1 each, an
 *     answer 1 for each record and at least 1.
 *   - Errors of a FETCH as netlink delivers them: as a message in the *same*
 *     socket (netlink_ack), which is dropped if there is no room.
 *
 * What is abstracted
 *   - The group's spinlock: what happens under it is one atomic step.  A FETCH
 *     is two of them, with the copying between; an allocation before the lock
 *     belongs to the step that follows, as nobody else sees it.
 *   - Sizes are units, an event is its seq, merging of repeats is left out (it
 *     would change the last record only, under the lock).
 *   - FAILS bounds how many allocations fail in one run, so that a run ends.
 *
 * What is checked
 *   order      seq strictly ascends at the reader
 *   no_hole    each seq is received once or is covered by one gap; a gap's
 *              count is exact: last - first + 1
 *   room       the socket never holds more than rcvbuf (a single message in an
 *              empty socket may, as everywhere in netlink)
 *   bound      the queue never holds more than its limit, those being fetched included
 *   no_spare   a loss always finds a record to be counted in
 *   stale_gap  no record is written to after it left the queue
 *   alive      nothing is delivered to a member that is gone
 *   seen_all   when nothing can move any more, the queue is empty and the
 *              reader has seen every seq
 *   drained    (LTL, weak fairness) that state is always reached
 *
 * Each guard of the algorithm is left out by -DNO_GUARD_<name>, and one of the
 * above must then fail; tests/model/check knows which.
 *
 * -DERROR_REPLIES models a variant that does not hold, and why a FETCH that
 * cannot be answered now says nothing: -EBUSY while draining and -ENOBUFS without
 * room are messages in the same socket, take the room that the notice and the
 * answer need, and are dropped when it is full.  Nothing need be said, as in
 * NOTICED a socket that is not empty ends in a message that asks to fetch.
 *
 * How to read a counterexample
 *   spin -a -DNO_GUARD_notice delivery.pml && gcc -DSAFETY -o pan pan.c && ./pan
 *   spin -t -p -g -DNO_GUARD_notice delivery.pml
 * prints the steps one by one (-g: the globals as they change); the last step
 * is the one that failed.  Add -i to ./pan for the shortest run.  For drained:
 * -DLIVENESS for spin, no -DSAFETY for gcc, ./pan -a -f.
 */

#ifndef RCVBUF
#define RCVBUF		4	/* units of the socket */
#endif
#ifndef LIMIT
#define LIMIT		2	/* units of the queue */
#endif
#define BATCH		2	/* records in one answer: splicing uses p[2] */
#ifndef PRODUCERS
#define PRODUCERS	2
#endif
#ifndef EVENTS
#define EVENTS		3	/* by each producer */
#endif
#ifndef READERS
#define READERS		2
#endif
#ifndef SPURIOUS
#define SPURIOUS	1
#endif
#ifndef FAILS
#define FAILS		2
#endif

#ifndef SPARES
#define SPARES		1
#endif

#define NOTICE_SIZE	1
#define ERROR_SIZE	1
#define TOTAL		(PRODUCERS * EVENTS)
#define SLOTS		(RCVBUF + TOTAL + 2)
#define NONE		255	/* open_gap: there is none */
#define STALE		254	/* open_gap: its record has left the queue */

mtype = { PUSH, NOTICED, DRAINING };
mtype = { EVENT, NOTICE, ANSWER, ERROR };

/* A record: an event (count 0) or a gap.  first 0: no record. */
typedef record {
	byte first;
	byte last;
	byte count
}

/* The member. */
mtype state = PUSH;
byte seq;
bool dead;
byte spares = SPARES;		/* gap records at hand */
bool notice = true;		/* one is allocated and at hand */
record queue[TOTAL + 2];
byte queue_len;
byte queue_bytes;		/* with those being fetched */
byte open_gap = NONE;		/* index into queue */

/* The socket: kind, waiting, two records. */
chan sock = [SLOTS] of { mtype, byte, byte, byte, byte, byte, byte, byte };
byte used;

/* The world. */
byte fails = FAILS;
byte spurious = SPURIOUS;
byte expect = 1;		/* the seq that the reader has to see next */
byte producers_done;
hidden byte k;

#define drained_ok	(queue_len == 0 && expect == seq + 1)

/* Names for the runner, which looks for the text of the failed assertion. */
#define is_order(s)	((s) >= expect)
#define is_no_hole(s)	((s) == expect)
#define is_room		(used <= RCVBUF || len(sock) == 0)
#define is_bound	(queue_bytes <= LIMIT)
#define is_no_spare	(spares > 0)
#define is_stale_gap	(open_gap != STALE)
#define is_alive	(!dead)
#define is_seen_all	(dead || drained_ok)

inline may_fail(ok)
{
	ok = true;
	if
	:: fails > 0 -> fails--; ok = false
	:: skip
	fi
}

inline sock_queue(_kind, _size, _waiting, _a, _b, _c, _d, _e, _f)
{
	assert(is_alive);
	used = used + (_size);
	assert(is_room);
	sock!_kind, _waiting, _a, _b, _c, _d, _e, _f
}

/* PUSH -> NOTICED. */
inline fanl_queue_notice()
{
	if
#ifndef NO_GUARD_notice
	:: notice ->
		notice = false;
		sock_queue(NOTICE, NOTICE_SIZE, 0, 0, 0, 0, 0, 0, 0)
#endif
	:: else
	fi
}

inline queue_append(_a, _b, _c)
{
	queue[queue_len].first = _a;
	queue[queue_len].last = _b;
	queue[queue_len].count = _c;
	queue_len++;
	queue_bytes = queue_bytes + (_c == 0);
	assert(is_bound)
}

#ifdef NO_GUARD_state
#define may_push_state	true
#else
#define may_push_state	(state == PUSH)
#endif

#if defined(NO_GUARD_room)
#define may_push_room	true
#elif defined(NO_GUARD_half)
#define may_push_room	(used + 1 <= RCVBUF)
#else
#define may_push_room	(used + 1 <= RCVBUF / 2)
#endif

#ifdef NO_GUARD_limit
#define over_limit	false
#else
#define over_limit	(queue_bytes + 1 > LIMIT)
#endif

#ifdef NO_GUARD_spare_gap
#define cannot_close	false
#else
#define cannot_close	(open_gap != NONE && spares == 0 && !have_gap)
#endif

inline fanl_queue_lose()
{
#ifndef NO_GUARD_count
	if
	:: open_gap == NONE ->
		assert(is_no_spare);
		spares--;
		open_gap = queue_len;
		queue_append(seq, seq, 1)
	:: else ->
		assert(is_stale_gap);
		queue[open_gap].last = seq;
		queue[open_gap].count++
	fi
#else
	skip
#endif
}

inline gap_refill()
{
	if
	:: have_gap && spares < SPARES ->
		spares++;
		have_gap = false
	:: else
	fi
}

/* have_event, have_gap: what was allocated before the lock. */
inline fanl_queue_event()
{
	if
	:: dead
	:: else ->
		seq++;
		if
		:: have_event && may_push_state && may_push_room ->
			sock_queue(EVENT, 1, 0, seq, seq, 0, 0, 0, 0)
		:: else ->
			if
			:: !have_event || over_limit || cannot_close ->
				fanl_queue_lose()
			:: else ->
#ifndef NO_GUARD_close_gap
				if
				:: open_gap != NONE ->
					open_gap = NONE;
					gap_refill()
				:: else
				fi;
#endif
				queue_append(seq, seq, 0)
			fi;
			if
			:: state == PUSH && queue_len > 0 ->
				state = NOTICED;
				fanl_queue_notice()
			:: else
			fi
		fi
	fi
}

/* Take up to BATCH records from the head of the queue to the private list p. */
inline queue_splice()
{
	n = 0;
	do
	:: n < BATCH && queue_len > 0 ->
		if
#ifndef NO_GUARD_splice_gap
		:: open_gap == 0 && spares == 0 && !have_gap -> break
		:: open_gap == 0 && (spares > 0 || have_gap) ->
			open_gap = NONE;
			gap_refill()
#else
		:: open_gap == 0 -> open_gap = STALE
#endif
		:: else ->
			if
			:: open_gap < STALE -> open_gap--
			:: else
			fi
		fi;
		p[n].first = queue[0].first;
		p[n].last = queue[0].last;
		p[n].count = queue[0].count;
		n++;
		k = 0;
		do
		:: k < queue_len ->
			queue[k].first = queue[k + 1].first;
			queue[k].last = queue[k + 1].last;
			queue[k].count = queue[k + 1].count;
			k++
		:: else -> break
		od;
		queue_len--
	:: else -> break
	od
}

/* The private list is gone. */
inline queue_uncharge()
{
	queue_bytes = queue_bytes - (n > 0 && p[0].count == 0);
	queue_bytes = queue_bytes - (n > 1 && p[1].count == 0)
}

/* Put the private list back: it is older than what has been queued since. */
inline queue_putback()
{
	do
	:: n > 0 ->
#if defined(NO_GUARD_putback_head)
		queue_bytes = queue_bytes - (p[0].count == 0);
		queue_append(p[0].first, p[0].last, p[0].count);
		p[0].first = p[1].first;
		p[0].last = p[1].last;
		p[0].count = p[1].count;
#else
		k = queue_len;
		do
		:: k > 0 ->
			queue[k].first = queue[k - 1].first;
			queue[k].last = queue[k - 1].last;
			queue[k].count = queue[k - 1].count;
			k--
		:: else -> break
		od;
		queue_len++;
		queue[0].first = p[n - 1].first;
		queue[0].last = p[n - 1].last;
		queue[0].count = p[n - 1].count;
		if
		:: open_gap < STALE -> open_gap++
		:: else
		fi;
#endif
		n--
	:: else -> break
	od;
	k = 0
}

inline forget()
{
	p[0].first = 0; p[0].last = 0; p[0].count = 0;
	p[1].first = 0; p[1].last = 0; p[1].count = 0;
	n = 0; size = 0; have_gap = false; have_notice = false; have_skb = false
}

/* netlink_ack: drops the message if the socket has no room for it. */
inline netlink_error()
{
	if
	:: dead
	:: else ->
		if
		:: used == 0 || used + ERROR_SIZE <= RCVBUF ->
			sock_queue(ERROR, ERROR_SIZE, 0, 0, 0, 0, 0, 0, 0)
		:: else
		fi
	fi
}

#ifdef NO_GUARD_draining
#define AFTER_SPLICE	(queue_len == 0 -> PUSH : DRAINING)
#else
#define AFTER_SPLICE	DRAINING
#endif

#ifdef NO_GUARD_busy
#define is_busy		false
#else
#define is_busy		(state == DRAINING)
#endif

#ifdef NO_GUARD_answer_room
#define no_room		false
#else
#define no_room		(used > 0 && used + size > RCVBUF)
#endif

/* In PUSH there must always be room for a notice. */
#ifdef NO_GUARD_reserve
#define may_flip	(queue_len == 0)
#define no_room_idle	(used > 0 && used + 1 > RCVBUF)
#else
#define may_flip	(queue_len == 0 && used + size + NOTICE_SIZE <= RCVBUF)
#define no_room_idle	(used + 1 + NOTICE_SIZE > RCVBUF)
#endif

#ifdef NO_GUARD_spare_notice
#define no_notice	false
#else
#define no_notice	(!notice && !have_notice)
#endif

#ifdef NO_GUARD_dead
#define is_dead		false
#else
#define is_dead		dead
#endif

#ifdef NO_GUARD_waiting
#define WAITING		0
#else
#define WAITING		(state == NOTICED -> 1 : 0)
#endif

inline fanl_queue_fetch()
{
	atomic {
		may_fail(have_gap);
		may_fail(have_notice);
		may_fail(have_skb);
		if
		:: dead -> again = false
		:: else ->
			if
			:: state == PUSH ->
				/* The reader has nothing to wait for. */
				if
				:: !have_skb || no_room_idle
#ifdef ERROR_REPLIES
					-> netlink_error()
#endif
				:: else -> sock_queue(ANSWER, 1, 0, 0, 0, 0, 0, 0, 0)
				fi
			:: is_busy
				/* Whoever drains will answer. */
#ifdef ERROR_REPLIES
				-> netlink_error()
#endif
			:: state != PUSH && !is_busy && (!have_skb || no_notice) ->
				netlink_error()
			:: state != PUSH && !is_busy && have_skb && !no_notice ->
				notice = notice || have_notice;
				queue_splice();
				state = AFTER_SPLICE;
				draining = true
			fi
		fi
	}
	if
	:: draining ->
		/* Not under the lock: copies p into the skb. */
		atomic {
			draining = false;
			size = (n > 1 -> n : 1);
			if
			:: is_dead
			:: !is_dead && no_room ->
#ifdef NO_GUARD_putback
				queue_uncharge();
#else
				queue_putback();
#endif
				/*
				 * Says nothing: a socket that is not empty in
				 * NOTICED ends in a message that asks to fetch.
				 */
				state = NOTICED
#ifdef ERROR_REPLIES
				; netlink_error()
#endif
			:: !is_dead && !no_room ->
				queue_uncharge();
#ifdef NO_GUARD_draining
				if
				:: state == DRAINING ->
#endif
				if
				:: may_flip -> state = PUSH
				:: else -> state = NOTICED
				fi
#ifdef NO_GUARD_draining
				:: else
				fi
#endif
				;
				sock_queue(ANSWER, size, WAITING,
					   p[0].first, p[0].last, p[0].count,
					   p[1].first, p[1].last, p[1].count)
			fi;
			forget()
		}
	:: else -> forget()
	fi
}

proctype producer()
{
	byte left = EVENTS;
	bool have_event, have_gap;

	do
	:: left > 0 ->
		atomic {
			may_fail(have_event);
			may_fail(have_gap);
			fanl_queue_event();
			have_event = false;
			have_gap = false;
			left--
		}
	:: else -> break
	od;
	producers_done++
}

inline see(a, b, c)
{
	if
	:: a != 0 ->
		assert(is_order(a));
		assert(is_no_hole(a));
		if
		:: c != 0 -> assert(c == b - a + 1)
		:: else
		fi;
		expect = b + 1
	:: else
	fi
}

proctype reader()
{
	mtype kind;
	byte waiting, a1, b1, c1, a2, b2, c2;
	record p[2];
	byte n, size;
	bool have_gap, have_notice, have_skb, draining, again;

end:	do
	:: atomic {
		sock?kind, waiting, a1, b1, c1, a2, b2, c2 ->
		used = used - ((kind == ANSWER && a2 != 0) -> 2 : 1);
		see(a1, b1, c1);
		see(a2, b2, c2);
		again = (kind == NOTICE || kind == ERROR || waiting > 0);
		kind = 0; waiting = 0;
		a1 = 0; b1 = 0; c1 = 0; a2 = 0; b2 = 0; c2 = 0
	   }
	   if
	   :: again -> again = false; fanl_queue_fetch()
	   :: else
	   fi
	:: atomic { spurious > 0 && !dead -> spurious-- };
	   fanl_queue_fetch()
	od
}

/* Unbind, or the death of the process. */
proctype death()
{
	if
	:: atomic {
		dead = true;
		do
		:: queue_len > 0 ->
			queue_len--;
			queue[queue_len].first = 0;
			queue[queue_len].last = 0;
			queue[queue_len].count = 0
		:: else -> break
		od;
		queue_bytes = 0;
		open_gap = NONE
	   }
	:: skip
	fi
}

init {
	atomic {
		byte i = 0;
		do
		:: i < PRODUCERS -> run producer(); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < READERS -> run reader(); i++
		:: else -> break
		od;
		i = 0;
#ifndef NO_DEATH
		run death()
#endif
	}
	timeout -> assert(is_seen_all)
}

#ifdef LIVENESS
ltl drained { <> (dead || (producers_done == PRODUCERS && drained_ok)) }
#endif
