/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl sync: names of the copy that are links no more.
 */
#ifndef FANOTIFYCTL_LINKS_H
#define FANOTIFYCTL_LINKS_H

/**
 * links_break() - Of a name that may stand for something else by now.
 * @copy: the copy's directory, open
 * @path: the name, below it
 *
 * It is taken away, unless rsync replaces what it stands for: a file, a directory.
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int links_break(int copy, const char *path);

/**
 * links_break_all() - Of all names, those that the original has apart.
 * @copy: the copy's directory, open
 * @src: the original's path
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int links_break_all(int copy, const char *src);

#endif /* FANOTIFYCTL_LINKS_H */
