# The four stages in order, and the gate. `make` alone lists what there is.
#
# The stages are phony and always called: each decides by the hashes of its settings and inputs
# whether there is work, which the times of files cannot tell.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
# A stage reads what the one before it wrote, also under `make -j`.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DEFAULT_GOAL := help

# Paths may hold blanks, quotes and `$`. `quoted` makes one word of the shell of a value; `dense`
# one word of make, for functions that work word by word, and `spaced` undoes that.
empty :=
space := $(empty) $(empty)
quoted = '$(subst ','\'',$(1))'
dense = $(subst $(space),:blank:,$(1))
spaced = $(subst :blank:,$(space),$(1))
absolute = $(if $(filter /%,$(call dense,$(1))),$(1),$(CURDIR)/$(1))
# What is given on the command line or by the environment is taken literally: its `$` is no variable.
given = $(filter command environment,$(firstword $(origin $(1))))
literally = $(if $(given),$(eval override export $(1) := $$(value $(1))))
# The words of a variable, by the shell's rules of quoting, each after an option.
split = $(if $($(1)),$(call whole,$(shell scripts/words.sh $(1) $(call quoted,$($(1))) $(2))))
whole = $(if $(filter !,$(1)),$(error a quote is not closed),$(1))

$(call literally,CARGO_TARGET_DIR)
CARGO ?= cargo
BIN := $(or $(CARGO_TARGET_DIR),target)/release
# For tests that start the programs.
WITH_BIN = DCGAN_BIN_DIR=$(call quoted,$(call absolute,$(BIN)))
# Rows of what tests could not test on this machine; `.ci/run` reads them too.
UNTESTED = $(call quoted,$(call absolute,$(or $(CARGO_TARGET_DIR),target))/untested.tsv)

#: PIPELINE    the settings of all stages: a file of pipelines/, or your own
PIPELINE ?= pipelines/mnist.yaml
#: RUN         the folder of the run; by default runs/ and the pipeline's name
RUN ?= runs/$(call spaced,$(basename $(notdir $(call dense,$(PIPELINE)))))
#: SET         settings that override the pipeline's: SET='train.epochs=10 train.seed=1'; words are
#:             split as in the shell, quotes included: SET='"prepare.folder=My Pictures"'
SET ?=
#: THREADS     threads to compute with; by default all cores
THREADS ?=
#: FORCE       FORCE=1: start afresh where train refuses; the old run is kept beside
FORCE ?=
#: CHECKPOINT  what sample and eval look at: a file, or best; by default the highest of RUN or, where the
#:             pipeline says `best: true`, the best; without any, sample takes its generator.safetensors
CHECKPOINT ?=
#: CHECKPOINTS CHECKPOINTS=1: eval measures every checkpoint of RUN, a line each
CHECKPOINTS ?=
#: RUNS        evaluated runs for `compare`: RUNS='runs/a "runs/my b"' or RUNS='runs/*'
RUNS ?=
#: OUT         the folder that `compare` writes
OUT = runs/compare
#: PREPARE, TRAIN, SAMPLE, EVAL   the command that runs a stage: TRAIN='python mine.py' swaps one
program = $(call quoted,$(BIN)/dcgan-$(1))
PREPARE ?= $(call program,prepare)
TRAIN ?= $(call program,train)
SAMPLE ?= $(call program,sample)
EVAL ?= $(call program,eval)

$(foreach name,PIPELINE RUN SET CHECKPOINT RUNS OUT,$(call literally,$(name)))
# Files of RUN, each as a word of the shell.
in_run = $(call quoted,$(RUN)/$(1))
COMMON = --pipeline $(call quoted,$(PIPELINE)) $(call split,SET,--set) \
  $(if $(THREADS),--threads $(THREADS)) $(if $(FORCE),--force)

# A checkpoint tells of the best one of its run, so that the highest is enough to find it.
CHECKPOINTS_OF_RUN = $(call in_run,train/checkpoints)/step-*.safetensors
HIGHEST = $(shell printf '%s\n' $(CHECKPOINTS_OF_RUN) | sort -V | tail -n 1)
IS_BEST = $(filter best,$(call dense,$(CHECKPOINT)))
LOOKED_AT = $(call quoted,$(or $(if $(IS_BEST),,$(CHECKPOINT)),$(HIGHEST)))
# A run whose checkpoints are gone still draws: by its generator alone.
STANDS = $(shell ls $(CHECKPOINTS_OF_RUN) 2>/dev/null)
DRAWN_BY = $(if $(CHECKPOINT)$(STANDS),$(LOOKED_AT),$(call in_run,train/generator.safetensors))
# What is named here goes before what the pipeline says.
whether_best = $(if $(CHECKPOINT),--set $(1).best=$(if $(IS_BEST),true,false))

# What the report shows of a training beside its figures; a trainer of one's own may lack it.
seen = $(if $(shell test -e $(call in_run,train/$(2)) && echo yes),$(1) $(call in_run,train/$(2)))
GRIDS = $(shell ls $(call in_run,train/samples)/step-*.png 2>/dev/null)
BESIDE = $(call seen,--run,run.json) $(call seen,--histograms,histograms.csv) \
  $(call seen,--scores,scores.csv) $(call seen,--timing,timing.csv) \
  $(if $(GRIDS),--grids $(call in_run,train/samples)) \
  $(if $(CHECKPOINTS),--checkpoints $(call in_run,train/checkpoints))

# A stage whose command was replaced needs no build of ours.
built_for = $(if $(filter file,$(origin $(1))),build)

.PHONY: help build install prepare train sample eval compare figures check fmt clippy test smoke examples torture reproduce verify hashes soak fuzz deny doc bench peers clean

help: ## List targets and variables
	@awk 'BEGIN { FS = ":.*## "; print "Targets:" } /^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@awk 'BEGIN { print "Variables:" } sub(/^#: /, "") { print "  " $$0 }' $(firstword $(MAKEFILE_LIST))

build: ## Build the programs
	@$(CARGO) build --release --locked --workspace --bins

prepare: $(call built_for,PREPARE) ## Stage 1: a source to RUN/prepare/dataset.safetensors
	$(PREPARE) $(COMMON) --out $(call in_run,prepare)

train: $(call built_for,TRAIN) ## Stage 2: the dataset to RUN/train: checkpoints, metrics.csv, grids
	$(TRAIN) $(COMMON) --dataset $(call in_run,prepare/dataset.safetensors) \
	  --out $(call in_run,train)

sample: $(call built_for,SAMPLE) ## Stage 3: a checkpoint's generator to RUN/sample: pictures
	$(SAMPLE) $(COMMON) $(call whether_best,sample) --model $(DRAWN_BY) --out $(call in_run,sample)

eval: $(call built_for,EVAL) ## Stage 4: dataset and checkpoint to RUN/eval: grids, statistics
	$(EVAL) $(COMMON) $(call whether_best,eval) \
	  --dataset $(call in_run,prepare/dataset.safetensors) --checkpoint $(LOOKED_AT) \
	  --metrics $(call in_run,train/metrics.csv) $(BESIDE) --out $(call in_run,eval)

compare: build ## Evaluated RUNS side by side, groups of seeds tested: OUT/compare.html
	$(call program,eval) compare \
	  $(or $(call split,RUNS),$(error RUNS is not set, expected evaluated runs: RUNS='runs/a runs/b')) \
	  --out $(call quoted,$(OUT)) $(if $(FORCE),--force)

figures: ## Take README's figures and picture from the finished RUN of mnist.yaml
	python3 scripts/figures.py $(call quoted,$(RUN)) $(if $(THREADS),--threads $(THREADS))

check: fmt clippy test smoke examples doc ## The whole gate: what CI runs
	@scripts/untested.sh $(UNTESTED)

# One profile for all of it, so that dependencies are compiled once.
fmt: ## Check the formatting
	$(CARGO) fmt --all --check

clippy: ## Check the lints
	$(CARGO) clippy --workspace --all-targets --release --locked -- -D warnings

test: build ## Run the tests, and list what they could not test on this machine
	@rm -f $(UNTESTED)
	$(WITH_BIN) DCGAN_UNTESTED=$(UNTESTED) INSTA_UPDATE=no \
	  $(CARGO) test --workspace --release --locked
	@scripts/untested.sh $(UNTESTED)

# The second pass must find nothing to do: no file newer than the stamp between the two.
smoke: build ## Run smoke.yaml from end to end, twice, in a temporary folder
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	stages() { $(MAKE) --no-print-directory prepare train sample eval \
	  PIPELINE=pipelines/smoke.yaml RUN="$$folder/smoke" SET= FORCE=; }; \
	stages; touch "$$folder/stamp"; stages; \
	written=$$(find "$$folder/smoke" -type f ! -name '.*' -newer "$$folder/stamp"); \
	if [ -n "$$written" ]; then printf 'error: the second pass wrote files:\n%s\n' "$$written" >&2; exit 1; fi; \
	echo "smoke: the path runs from end to end, and a second pass does nothing"

examples: ## Run the library's examples: three steps on MNIST, images of the generator of smoke.yaml
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	example() { $(CARGO) run --quiet --release --locked -p dcgan --example "$$@"; }; \
	example train_mnist -- data/mnist 3 "$$folder/digits.png"; \
	$(MAKE) --no-print-directory prepare train PIPELINE=pipelines/smoke.yaml RUN="$$folder/smoke" SET= FORCE=; \
	example generate -- "$$folder/smoke/train/generator.safetensors" "$$folder/images.png"; \
	test -s "$$folder/digits.png" -a -s "$$folder/images.png"

#: KILLS       kills that `torture` deals out to each of prepare, train, a train that rolls back, and eval
KILLS ?= 200
torture: build ## The long form of the kill tests, roll-backs included, and a stop before each change to the disk
	$(CARGO) build --release --locked -p dcgan-tests --examples
	$(WITH_BIN) DCGAN_KILLS=$(KILLS) $(CARGO) test --release --locked -p dcgan-tests --test it \
	  -- kills:: faults:: --nocapture --test-threads=1

#: SOURCE      the folder that a run's sources lie in, for `reproduce` and `verify`
SOURCE ?=
#: CLASSIFIER  the classifier that a run was given, for the same two
CLASSIFIER ?=
$(foreach name,SOURCE CLASSIFIER,$(call literally,$(name)))
OUTSIDE = $(if $(SOURCE),--source $(call quoted,$(SOURCE))) \
  $(if $(CLASSIFIER),--classifier $(call quoted,$(CLASSIFIER)))
reproduce: build ## Repeat the finished RUN from its manifests and compare every hash
	python3 tests/python/reproduce.py $(call quoted,$(RUN)) --bin $(call quoted,$(BIN)) \
	  $(OUTSIDE) $(if $(THREADS),--threads $(THREADS))

verify: build ## Walk the chain of RUN: figures, checkpoint, dataset, sources
	$(call program,eval) verify $(call quoted,$(RUN)) $(OUTSIDE)

hashes: build ## Record that smoke.yaml gives other bytes, on purpose: tests/golden/smoke-hashes.json
	DCGAN_WRITE_HASHES=1 $(WITH_BIN) $(CARGO) test --release --locked -p dcgan-tests --test it \
	  -- hashes:: --nocapture

#: SECONDS     how long `soak` runs, and `fuzz` for each target
SECONDS ?= 300
soak: build ## Train for SECONDS and show memory, handles and files
	tests/soak.sh $(call quoted,$(BIN)) $(SECONDS)

#: TARGETS     what `fuzz` runs; by default all of fuzz/fuzz_targets
TARGETS ?=
fuzz: ## Run the fuzz targets (fuzz/README.md), each for SECONDS
	fuzz/run.sh $(SECONDS) $(TARGETS)

# A build has fetched the packages of its own platform only; the check is of all. Of the advisories the
# newest that can be had: `deny fetch` fails without a network.
deny: ## Check licences, sources and advisories of what we build on (cargo-deny)
	$(CARGO) fetch --quiet --locked
	$(CARGO) fetch --quiet --locked --manifest-path fuzz/Cargo.toml
	$(CARGO) deny --offline check licenses bans sources
	$(CARGO) deny --offline --config deny.toml --manifest-path fuzz/Cargo.toml check licenses bans sources
	if $(CARGO) deny fetch db; then $(CARGO) deny --offline check advisories; \
	else printf -- '-\tmake deny\tadvisories\tno network\n' | tee -a $(UNTESTED) >&2; fi

doc: ## Build the documentation; a broken link is an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --release --locked

#: PEERS       PEERS=1: `bench` runs PyTorch and TensorFlow too, in turn with ours
PEERS ?=
#: PEERS_VENV  the virtual environment that they are installed into
PEERS_VENV ?= target/peers
#: ROUNDS      how often `bench` runs each program; medians are over rounds
ROUNDS ?= 3
$(call literally,PEERS_VENV)
PEERS_PYTHON = $(call quoted,$(PEERS_VENV)/bin/python)
PEERS_MADE = $(call quoted,$(PEERS_VENV)/installed)
bench: build $(if $(PEERS),peers) ## Time training, preparing and sampling
	$(call quoted,$(BIN)/compare) --rounds $(ROUNDS) $(if $(THREADS),--threads $(THREADS)) \
	  $(if $(PEERS),--torch $(PEERS_PYTHON) --tensorflow $(PEERS_PYTHON))

# No rule for the file: the name of a target may not hold what that of a folder may.
peers:
	if [ ! $(PEERS_MADE) -nt peers/requirements.txt ]; then \
	  python3 -m venv $(call quoted,$(PEERS_VENV)); \
	  $(PEERS_PYTHON) -m pip install --quiet --requirement peers/requirements.txt; \
	  touch $(PEERS_MADE); \
	fi

# TensorBoard's own reader, for the test that reads event files back by it.
TENSORBOARD_VENV = target/tensorboard
$(TENSORBOARD_VENV)/installed: tests/python/tensorboard-requirements.txt
	python3 -m venv "$(TENSORBOARD_VENV)"
	"$(TENSORBOARD_VENV)/bin/pip" install --quiet --requirement "$<"
	touch "$@"

#: PREFIX      the folder that `install` installs into
PREFIX = /usr/local
#: DESTDIR     a folder put before PREFIX, for those who make packages
DESTDIR =
$(call literally,PREFIX)
$(call literally,DESTDIR)
installed = $(call quoted,$(DESTDIR)$(PREFIX)/$(1))
DIST = $(call spaced,$(patsubst %/release,%/dist,$(call dense,$(BIN))))
PROGRAMS = dcgan-prepare dcgan-train dcgan-sample dcgan-eval

# Built with the profile `dist`: link-time optimisation, no line tables.
install: ## Install the programs and their shell completions below PREFIX
	$(CARGO) build --profile dist --locked --workspace --bins
	@mkdir -p $(call installed,bin) $(call installed,share/bash-completion/completions) \
	  $(call installed,share/zsh/site-functions) $(call installed,share/fish/vendor_completions.d)
	@for program in $(PROGRAMS); do \
	  install -m 755 $(call quoted,$(DIST))/$$program $(call installed,bin)/$$program; \
	  complete() { $(call installed,bin)/$$program --completions $$1 >"$$2"; }; \
	  complete bash $(call installed,share/bash-completion/completions)/$$program; \
	  complete zsh $(call installed,share/zsh/site-functions)/_$$program; \
	  complete fish $(call installed,share/fish/vendor_completions.d)/$$program.fish; \
	done
	@echo "installed $(PROGRAMS) in" $(call installed,bin)

clean: ## Remove what cargo built; runs stay
	$(CARGO) clean
