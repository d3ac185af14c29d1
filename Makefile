# SPDX-License-Identifier: GPL-2.0
#
#   make          build the module, the library and the tool; TESTS=1: the test
#                 programs too
#   make demo     show the module at work, in a VM
#   make check    run all tests
#   make lint     check the sources without running them: sparse, checkpatch ...
#   make check-newest  run the VM's tests on the newest Linux of the archive
#   make kernel   build Linux with the family inside: KERNELS='intree debug ...'
#   make mutate   prove that the tests fail when the code is broken (ONLY='glob...')
#   make bench    measure
#   make gen      regenerate the protocol's code from its spec
#   make shell    an interactive shell in the VM
#   make clean    remove build/
#
# Everything is built in build/, by one make at a time; build/vm/ is laid over the
# VM's root folder.

B := $(CURDIR)/build
VM := $(B)/vm

# The parts with a Makefile of their own, in the order of their needs. The test
# programs need the Linux source package: only with TESTS=1, as make check has it.
PARTS := $(patsubst %/Makefile,%,$(wildcard \
	libfanotify-nl/Makefile tools/fanotifyctl/Makefile \
	$(if $(TESTS),tests/Makefile)))

# As many at a time as there are CPUs, if make was not told.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all
all: setup
	@mkdir -p $(B)
	@flock $(B)/lock $(MAKE) --no-print-directory $(JOBS) vm

.PHONY: setup
setup:
	@tools/setup build

# Kbuild writes next to its sources, so it gets a copy of them.
.PHONY: module
module:
	@mkdir -p $(B)/module
	@cp -au kernel uapi $(B)/module
	@kernel=$$(tests/vm/kernel stock) && \
		$(MAKE) --no-print-directory -C "$$kernel/build" \
			M=$(B)/module/kernel CONFIG_FANOTIFY_NL=m modules

.PHONY: $(PARTS)
$(PARTS):
	@$(MAKE) --no-print-directory -C $@ O=$(B)/$(notdir $@) all
tools/fanotifyctl tests: $(filter libfanotify-nl,$(PARTS))

.PHONY: vm
vm: module $(PARTS)
	@rm -rf $(VM).new $(VM).old
	@install -D -m 644 $(B)/module/kernel/fanotify_nl.ko \
		$(VM).new/usr/lib/fanotify-nl/fanotify_nl.ko
	@for part in $(PARTS); do \
		$(MAKE) --no-print-directory -C $$part O=$(B)/$$(basename $$part) \
			DESTDIR=$(VM).new PREFIX=/usr install >$(B)/install.log || \
			exit 1; \
	done
	@find $(VM).new/usr -name '*.ko' -o -perm /111 -type f ! -name run | xargs strip --strip-debug
	@[ ! -e $(VM) ] || mv -T $(VM) $(VM).old
	@mv -T $(VM).new $(VM)
	@rm -rf $(VM).old

.PHONY: demo
demo: all
	@tests/vm/run --disk 256M --add tests/demo -- /mnt/add/demo

.PHONY: check
check:
	@tools/setup check
	@tests/check

# The newest Linux that the archive has now, not the one that was built last.
.PHONY: check-newest
check-newest:
	@tools/setup check
	@tests/vm/kernel newest --update >/dev/null
	@tests/check --kernel newest

KERNELS ?= intree debug debug-builtin
.PHONY: kernel
kernel:
	@tools/setup kernel
	@for kernel in $(KERNELS); do tests/vm/kernel $$kernel || exit 1; done

.PHONY: lint
lint:
	@tools/setup check
	@tests/lint

.PHONY: mutate
mutate:
	@tools/setup check
	@tests/mutate $(foreach glob,$(ONLY),'$(glob)')

.PHONY: bench
bench:
	@$(MAKE) --no-print-directory all TESTS=1
	@tests/bench/run

.PHONY: gen
gen:
	@tools/setup check
	@uapi/regen

.PHONY: shell
shell: all
	@tests/vm/run --tty --disk 256M --timeout 86400 -- bash -l

.PHONY: clean
clean:
	rm -rf build
