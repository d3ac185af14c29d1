# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for fanotifyctl

# Keep the part of a list before its last comma, complete what follows it.
_fanotifyctl_list() {
	local cur=$1 words=$2 head=

	[[ $cur == *,* ]] && head=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$head" -W "$words" -- "${cur##*,}")
	compopt -o nospace
}

# journal: a command, its options, and a mount point, or a file to check.
_fanotifyctl_journal() {
	local cur=$1 prev=$2 settings="--events --interval-ms --idle-limit --queue-limit" words

	if ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W "enable start stop disable status register
			deregister consumers read follow changed ack check help" -- "$cur")
		return
	fi
	case $prev in
	--events)
		_fanotifyctl_list "$cur" "$journal_kinds"
		return
		;;
	--level)
		mapfile -t COMPREPLY < <(compgen -W "durable ordered" -- "$cur")
		return
		;;
	--size | --interval-ms | --idle-limit | --queue-limit | --consumer | --cursor | --count | \
		--token)
		return
		;;
	esac
	if [[ $cur != -* ]]; then
		compopt -o filenames
		if [[ ${COMP_WORDS[2]} == check || $prev == --cursor-file ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		fi
		return
	fi
	case ${COMP_WORDS[2]} in
	enable) words="--size --level $settings" ;;
	start) words=$settings ;;
	stop) words="--force" ;;
	status | consumers | check) words="--json" ;;
	register) words="--consumer --events --oldest --json" ;;
	deregister) words="--consumer --token --force" ;;
	read) words="--consumer --cursor --count --no-flush --json" ;;
	follow) words="--consumer --ack --token --force --count --json" ;;
	changed) words="--consumer --null --cursor-file --json" ;;
	ack) words="--consumer --cursor --token --force --reset --sync" ;;
	*) words= ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words --help" -- "$cur")
}

# sync: two directories, or one of another machine.
_fanotifyctl_sync() {
	local cur=$1 prev=$2

	[[ $prev != --consumer ]] || return
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--full --dry-run --progress --consumer --json
			--help" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}

# monitor, mirror and gate: paths, and but for gate a command, may follow.
_fanotifyctl_watch() {
	local cur=$1 prev=$2 object=${COMP_WORDS[1]} i
	local kinds="all access modify attrib close-write close-nowrite open
		moved-from moved-to create delete delete-self move-self open-exec
		fs-error open-perm open-exec-perm access-perm pre-access rename create-file
		mkdir mknod symlink hardlink
		tmpfile-link unlink last-unlink rmdir chmod chown utimes
		setxattr removexattr link-count setflags write truncate fallocate
		clone-range mmap-write unmount covered"
	# shellcheck disable=SC2034 # by ${!object}
	local monitor="--mark --events --pathless --count --timeout --queue-limit --merge --stat
		--include --exclude --json --help"
	# shellcheck disable=SC2034
	local mirror="--check-on-exit --queue-limit --merge --json --help"
	# shellcheck disable=SC2034
	local gate="--rules --check --exec --clamd --checks --check-ms --on-error
		--group --mark --log --json --help $gate_settings"
	local errnos="EPERM EIO EBUSY ETXTBSY EAGAIN ENOSPC EDQUOT"
	local fields="all none mode nlink uid gid atime mtime ctime ino size blocks"

	# after -- there is a command, and what it takes
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		compopt -o filenames
		if ((i == COMP_CWORD - 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done

	case $prev in
	--mark)
		mapfile -t COMPREPLY < <(compgen -W "inode mount filesystem global subtree" -- "$cur")
		;;
	--events)
		_fanotifyctl_list "$cur" "$kinds"
		;;
	--stat)
		_fanotifyctl_list "$cur" "$fields"
		;;
	--include | --exclude)
		mapfile -t COMPREPLY < <(compgen -W "tgid= uid= cgroup= name= dir= file=" -- "$cur")
		compopt -o nospace
		;;
	--on-timeout | --on-error)
		mapfile -t COMPREPLY < <(compgen -W "allow deny $errnos" -- "$cur")
		;;
	--on-evict)
		mapfile -t COMPREPLY < <(compgen -W "allow deny" -- "$cur")
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W "denied all none" -- "$cur")
		;;
	--exec)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		;;
	--count | --timeout | --queue-limit | --group | --checks | --*-ms | --evict-after | \
		--uid-pending | --window) ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "${!object}" -- "$cur")
		else
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		;;
	esac
}

_fanotifyctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local objects="monitor mirror gate journal sync group mark stats capabilities version"
	local journal_kinds="all access modify attrib close-write close-nowrite open moved-from
		moved-to create delete delete-self move-self open-exec fs-error rename create-file
		mkdir mknod symlink hardlink tmpfile-link unlink last-unlink rmdir chmod chown
		utimes setxattr removexattr link-count setflags write truncate fallocate
		clone-range mmap-write"
	local gate_settings="--timeout-ms --on-timeout --evict-after --on-evict --linger-ms
		--wait-ms --uid-pending --window"
	local words=

	# --option=value is three words here
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 2)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		words="$objects help"
	elif [[ ${COMP_WORDS[1]} == @(monitor|mirror|gate) ]]; then
		_fanotifyctl_watch "$cur" "$prev"
		return
	elif [[ ${COMP_WORDS[1]} == journal ]]; then
		_fanotifyctl_journal "$cur" "$prev"
		return
	elif [[ ${COMP_WORDS[1]} == sync ]]; then
		_fanotifyctl_sync "$cur" "$prev"
		return
	else
		case ${COMP_WORDS[1]}:$COMP_CWORD in
		help:2) words=$objects ;;
		group:2) words="show set lift help" ;;
		mark:2) words="show help" ;;
		group:*)
			case ${COMP_WORDS[2]}:$prev in
			show:*) words="--json --help" ;;
			lift:*) words="--help" ;;
			set:--on-evict | set:--on-timeout) words="allow deny" ;;
			set:--*) ;;
			set:*) words="$gate_settings --queue-limit --help" ;;
			esac
			;;
		mark:* | stats:*)
			[[ $prev == --group ]] || words="--json --group --help"
			[[ ${COMP_WORDS[1]} != stats ]] || ((COMP_CWORD > 2)) || words+=" help"
			;;
		capabilities:2 | version:2) words="--json --help help" ;;
		capabilities:* | version:*) words="--json --help" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _fanotifyctl fanotifyctl
