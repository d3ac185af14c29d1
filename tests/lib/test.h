/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program includes: the kernel's harness, and our helpers.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "clock.h"
#include "pace.h"

/* The harness ends a test that takes too long. */
#define alarm(seconds) (alarm)((seconds) * slowness())
#include <kselftest_harness.h>
#undef alarm

#include "listen.h"
#include "nl.h"

#endif /* TESTS_TEST_H */
