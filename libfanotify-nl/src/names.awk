# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes tables of names out of the enums of linux/fanotify-nl.h.
/^enum fanotify_/ {
	prefix = toupper($2) "_"
	print "static const struct name " substr($2, length("fanotify_") + 1) "_names[] = {"
	next
}
/^\tFANOTIFY_/ && prefix {
	sub(/,$/, "", $1)
	name = tolower(substr($1, length(prefix) + 1))
	gsub(/_/, "-", name)
	print "\t{ " $1 ", \"" name "\" },"
}
/^};/ && prefix {
	print "};\n"
	prefix = ""
}
