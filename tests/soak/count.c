// SPDX-License-Identifier: GPL-2.0
/*
 * What was done, and what went wrong.
 */
#include <stdarg.h>
#include <stdio.h>

#include "soak.h"

#define KIND_NAME(name) #name,
const char *const op_names[OPS] = { KINDS(KIND_NAME) };

struct shared *shared;

bool counted(struct count *count, bool done)
{
	__atomic_add_fetch(&count->tried, 1, __ATOMIC_RELAXED);
	if (done)
		__atomic_add_fetch(&count->done, 1, __ATOMIC_RELAXED);
	return done;
}

bool did(enum op op, bool done)
{
	return counted(&shared->op[op], done);
}

void wrong(const char *format, ...)
{
	va_list args;

	if (__atomic_add_fetch(&shared->errors, 1, __ATOMIC_RELAXED) > ERRORS_MAX)
		return;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}
