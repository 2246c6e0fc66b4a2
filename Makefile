# The four stages in order, the converter, and the gate. `make` without a target lists all targets.
#
# The stages are phony and always run: each compares the hashes of its settings and inputs to decide
# whether there is work. File times can't tell that.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
# Each stage reads the output of the one before, so `make -j` must not run them in parallel.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DEFAULT_GOAL := help

# Paths may contain blanks, quotes and `$`. `quoted` makes a value one word for the shell; `dense`
# makes it one word for make's functions that work word by word, and `spaced` undoes that.
empty :=
space := $(empty) $(empty)
quoted = '$(subst ','\'',$(1))'
dense = $(subst $(space),:blank:,$(1))
spaced = $(subst :blank:,$(space),$(1))
absolute = $(if $(filter /%,$(call dense,$(1))),$(1),$(CURDIR)/$(1))
# Values from the command line or the environment are taken literally, without expanding `$`.
given = $(filter command environment,$(firstword $(origin $(1))))
literally = $(if $(given),$(eval override export $(1) := $$(value $(1))))
# Splits a variable into words by the shell's quoting rules and puts an option before each.
split = $(if $($(1)),$(call whole,$(shell scripts/words.sh $(1) $(call quoted,$($(1))) $(2))))
whole = $(if $(filter !,$(1)),$(error a quote is not closed),$(1))

$(call literally,CARGO_TARGET_DIR)
CARGO ?= cargo
BIN := $(or $(CARGO_TARGET_DIR),target)/release
# For tests that run the programs.
WITH_BIN = DCGAN_BIN_DIR=$(call quoted,$(call absolute,$(BIN)))
# Lists what tests could not test on this machine; `.ci/run` reads it too.
UNTESTED = $(call quoted,$(call absolute,$(or $(CARGO_TARGET_DIR),target))/untested.tsv)

#: PIPELINE    the settings of all stages: a file of pipelines/, or your own
PIPELINE ?= pipelines/mnist.yaml
#: RUN         the run's folder; by default runs/ and the pipeline's name
RUN ?= runs/$(call spaced,$(basename $(notdir $(call dense,$(PIPELINE)))))
#: SET         settings that override the pipeline's: SET='train.epochs=10 train.seed=1'; split into
#:             words like a shell command line: SET='"prepare.folder=My Pictures"'
SET ?=
#: THREADS     number of threads; by default all cores
THREADS ?=
#: FORCE       FORCE=1: start afresh where a stage refuses; the old run is kept as train.old-N
FORCE ?=
#: CHECKPOINT  the checkpoint for sample and eval: a file, or best; by default RUN's last one, or the
#:             best if the pipeline says `best: true`; sample without any uses generator.safetensors
CHECKPOINT ?=
#: CHECKPOINTS CHECKPOINTS=1: eval measures every checkpoint of RUN
CHECKPOINTS ?=
#: RUNS        evaluated runs for `compare`: RUNS='runs/a "runs/my b"' or RUNS='runs/*'
RUNS ?=
#: OUT         the folder that `compare` writes
OUT = runs/compare
#: TO          what `convert` makes of RUN's model: onnx, torch or page
TO ?=
#: PREPARE, TRAIN, SAMPLE, EVAL   the command that runs a stage, such as TRAIN='python mine.py'
program = $(call quoted,$(BIN)/dcgan-$(1))
PREPARE ?= $(call program,prepare)
TRAIN ?= $(call program,train)
SAMPLE ?= $(call program,sample)
EVAL ?= $(call program,eval)

$(foreach name,PIPELINE RUN SET CHECKPOINT RUNS OUT TO,$(call literally,$(name)))
# A file of RUN as one word for the shell.
in_run = $(call quoted,$(RUN)/$(1))
COMMON = --pipeline $(call quoted,$(PIPELINE)) $(call split,SET,--set) \
  $(if $(THREADS),--threads $(THREADS)) $(if $(FORCE),--force)

# Each checkpoint records the best one before it, so the last one is enough to find the best.
CHECKPOINTS_OF_RUN = $(call in_run,train/checkpoints)/step-*.safetensors
HIGHEST = $(shell printf '%s\n' $(CHECKPOINTS_OF_RUN) | sort -V | tail -n 1)
IS_BEST = $(filter best,$(call dense,$(CHECKPOINT)))
CHECKPOINT_FILE = $(call quoted,$(or $(if $(IS_BEST),,$(CHECKPOINT)),$(HIGHEST)))
# Without checkpoints, the generator file is enough to draw from and to convert.
HAS_CHECKPOINTS = $(shell ls $(CHECKPOINTS_OF_RUN) 2>/dev/null)
MODEL_FILE = $(if $(CHECKPOINT)$(HAS_CHECKPOINTS),$(CHECKPOINT_FILE),\
  $(call in_run,train/generator.safetensors))
# CHECKPOINT overrides the pipeline's `best`.
whether_best = $(if $(CHECKPOINT),--set $(1).best=$(if $(IS_BEST),true,false))

# Files that the report shows in addition to the figures; another trainer may not write them.
if_written = $(if $(shell test -e $(call in_run,train/$(2)) && echo yes),$(1) $(call in_run,train/$(2)))
GRIDS = $(shell ls $(call in_run,train/samples)/step-*.png 2>/dev/null)
REPORT_INPUTS = $(call if_written,--run,run.json) $(call if_written,--histograms,histograms.csv) \
  $(call if_written,--scores,scores.csv) $(call if_written,--timing,timing.csv) \
  $(if $(GRIDS),--grids $(call in_run,train/samples)) \
  $(if $(CHECKPOINTS),--checkpoints $(call in_run,train/checkpoints))

# A stage whose command is replaced doesn't need our programs built.
built_for = $(if $(filter file,$(origin $(1))),build)

.PHONY: help build install prepare train sample eval compare convert page figures check \
  check-bridges fmt clippy test smoke \
  examples torture reproduce verify hashes soak fuzz deny doc bench peers clean

help: ## List targets and variables
	@awk 'BEGIN { FS = ":.*## "; print "Targets:" } /^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@awk 'BEGIN { print "Variables:" } sub(/^#: /, "") { print "  " $$0 }' $(firstword $(MAKEFILE_LIST))

build: ## Build the programs
	@$(CARGO) build --release --locked --workspace --bins

prepare: $(call built_for,PREPARE) ## Stage 1: a data source to RUN/prepare/dataset.safetensors
	$(PREPARE) $(COMMON) --out $(call in_run,prepare)

train: $(call built_for,TRAIN) ## Stage 2: the dataset to RUN/train: checkpoints, metrics.csv, grids
	$(TRAIN) $(COMMON) --dataset $(call in_run,prepare/dataset.safetensors) \
	  --out $(call in_run,train)

sample: $(call built_for,SAMPLE) ## Stage 3: a checkpoint's generator to RUN/sample: pictures
	$(SAMPLE) $(COMMON) $(call whether_best,sample) --model $(MODEL_FILE) --out $(call in_run,sample)

eval: $(call built_for,EVAL) ## Stage 4: dataset and checkpoint to RUN/eval: grids, statistics
	$(EVAL) $(COMMON) $(call whether_best,eval) \
	  --dataset $(call in_run,prepare/dataset.safetensors) --checkpoint $(CHECKPOINT_FILE) \
	  --metrics $(call in_run,train/metrics.csv) $(REPORT_INPUTS) --out $(call in_run,eval)

compare: build ## Compare evaluated RUNS, with tests over seeds: OUT/compare.html
	$(call program,eval) compare \
	  $(or $(call split,RUNS),$(error RUNS is not set, expected evaluated runs: RUNS='runs/a runs/b')) \
	  --out $(call quoted,$(OUT)) $(if $(FORCE),--force)

# The figures of the card, if RUN was evaluated.
EVALUATED = $(if $(shell test -e $(call in_run,eval/metrics.json) && echo yes),\
  --metrics $(call in_run,eval/metrics.json))
convert: build ## RUN's model to RUN/convert/TO, for other programs, with a model card
	$(call program,convert) $(COMMON) $(call whether_best,sample) --to \
	  $(call quoted,$(or $(TO),$(error TO is not set, expected onnx, torch or page: TO=onnx))) \
	  --model $(MODEL_FILE) $(EVALUATED) --out $(call in_run,convert/$(TO))

page: override TO = page
page: convert ## A page that draws images in the browser: RUN/convert/page/index.html

figures: ## Update README's figures and picture from a finished RUN of mnist.yaml
	python3 scripts/figures.py $(call quoted,$(RUN)) $(if $(THREADS),--threads $(THREADS))

check: fmt clippy test smoke examples doc ## The whole gate: what CI runs
	@scripts/untested.sh $(UNTESTED)

# The whole gate uses one profile, so that dependencies are compiled once.
fmt: ## Check the formatting
	$(CARGO) fmt --all --check

clippy: ## Check the lints
	$(CARGO) clippy --workspace --all-targets --release --locked -- -D warnings

test: build ## Run the tests and list what they could not test on this machine
	@rm -f $(UNTESTED)
	$(WITH_BIN) DCGAN_UNTESTED=$(UNTESTED) INSTA_UPDATE=no \
	  $(CARGO) test --workspace --release --locked
	@scripts/untested.sh $(UNTESTED)

# The second pass must do nothing: no file may be newer than the stamp between the passes.
smoke: build ## Run smoke.yaml twice, end to end, in a temporary folder
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	stages() { $(MAKE) --no-print-directory prepare train sample eval \
	  PIPELINE=pipelines/smoke.yaml RUN="$$folder/smoke" SET= FORCE=; }; \
	stages; touch "$$folder/stamp"; stages; \
	written=$$(find "$$folder/smoke" -type f ! -name '.*' -newer "$$folder/stamp"); \
	if [ -n "$$written" ]; then printf 'error: the second pass wrote files:\n%s\n' "$$written" >&2; exit 1; fi; \
	echo "smoke: the path runs from end to end, and a second pass does nothing"

examples: ## Run the library's examples: three steps on MNIST, images from smoke.yaml's generator
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	example() { $(CARGO) run --quiet --release --locked -p dcgan --example "$$@"; }; \
	example train_mnist -- data/mnist 3 "$$folder/digits.png"; \
	$(MAKE) --no-print-directory prepare train PIPELINE=pipelines/smoke.yaml RUN="$$folder/smoke" SET= FORCE=; \
	example generate -- "$$folder/smoke/train/generator.safetensors" "$$folder/images.png"; \
	test -s "$$folder/digits.png" -a -s "$$folder/images.png"

#: KILLS       kills by `torture` for each of prepare, train, a train that rolls back, and eval
KILLS ?= 200
torture: build ## Run the long kill tests, and stop before each change to the disk
	$(CARGO) build --release --locked -p dcgan-tests --examples
	$(WITH_BIN) DCGAN_KILLS=$(KILLS) $(CARGO) test --release --locked -p dcgan-tests --test it \
	  -- kills:: faults:: --nocapture --test-threads=1

#: SOURCE      the folder with the sources of a run's data, for `reproduce` and `verify`
SOURCE ?=
#: CLASSIFIER  the classifier that a run used, for the same two
CLASSIFIER ?=
$(foreach name,SOURCE CLASSIFIER,$(call literally,$(name)))
OUTSIDE = $(if $(SOURCE),--source $(call quoted,$(SOURCE))) \
  $(if $(CLASSIFIER),--classifier $(call quoted,$(CLASSIFIER)))
reproduce: build ## Repeat the finished RUN from its manifests and compare every hash
	python3 tests/python/reproduce.py $(call quoted,$(RUN)) --bin $(call quoted,$(BIN)) \
	  $(OUTSIDE) $(if $(THREADS),--threads $(THREADS))

verify: build ## Check RUN's files by hash: figures, checkpoint, dataset, sources
	$(call program,eval) verify $(call quoted,$(RUN)) $(OUTSIDE)

hashes: build ## Record intended new bytes of smoke.yaml: tests/golden/smoke-hashes.json
	DCGAN_WRITE_HASHES=1 $(WITH_BIN) $(CARGO) test --release --locked -p dcgan-tests --test it \
	  -- hashes:: --nocapture

#: SECONDS     how long `soak` runs, and `fuzz` per target
SECONDS ?= 300
soak: build ## Train for SECONDS and print memory, handles and files
	tests/soak.sh $(call quoted,$(BIN)) $(SECONDS)

#: TARGETS     names of the targets that `fuzz` runs; by default all of fuzz/fuzz_targets
TARGETS ?=
fuzz: ## Run each fuzz target for SECONDS (fuzz/README.md)
	fuzz/run.sh $(SECONDS) $(TARGETS)

# The check covers all platforms, but a build fetches packages for its own only, so fetch the rest.
# `deny fetch` gets the newest advisories; it fails without a network.
deny: ## Check licences, sources and advisories of all dependencies (cargo-deny)
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
#: PEERS_VENV  the virtual environment with these two
PEERS_VENV ?= target/peers
#: ROUNDS      how often `bench` runs each program; medians are over rounds
ROUNDS ?= 3
$(call literally,PEERS_VENV)
PEERS_PYTHON = $(call quoted,$(PEERS_VENV)/bin/python)
PEERS_MADE = $(call quoted,$(PEERS_VENV)/installed)
bench: build $(if $(PEERS),peers) ## Time training, preparing and sampling
	$(call quoted,$(BIN)/compare) --rounds $(ROUNDS) $(if $(THREADS),--threads $(THREADS)) \
	  $(if $(PEERS),--torch $(PEERS_PYTHON) --tensorflow $(PEERS_PYTHON))

# No rule for the file itself: a folder's name may contain characters that a target's can't.
peers:
	if [ ! $(PEERS_MADE) -nt peers/requirements.txt ]; then \
	  python3 -m venv $(call quoted,$(PEERS_VENV)); \
	  $(PEERS_PYTHON) -m pip install --quiet --requirement peers/requirements.txt; \
	  touch $(PEERS_MADE); \
	fi

# TensorBoard's own reader, for the test that reads event files with it.
TENSORBOARD_VENV = target/tensorboard
$(TENSORBOARD_VENV)/installed: tests/python/tensorboard-requirements.txt
	python3 -m venv "$(TENSORBOARD_VENV)"
	"$(TENSORBOARD_VENV)/bin/pip" install --quiet --requirement "$<"
	touch "$@"

#: TORCH_PYTHON a Python with PyTorch, for `check-bridges`; the default is that of python3-torch
TORCH_PYTHON ?= /usr/bin/python3
$(call literally,TORCH_PYTHON)
# PyPI's PyTorch for x86-64 brings gigabytes of CUDA, so the system's is used.
BRIDGES_VENV = target/bridges
$(BRIDGES_VENV)/installed: tests/python/requirements-bridges.txt
	$(call quoted,$(TORCH_PYTHON)) -c 'import torch, numpy'
	$(call quoted,$(TORCH_PYTHON)) -m venv --clear --system-site-packages "$(BRIDGES_VENV)"
	"$(BRIDGES_VENV)/bin/pip" install --quiet --requirement "$<"
	touch "$@"

# TensorFlow has a folder of its own: it needs other versions of shared packages.
TENSORFLOW_VENV = target/tensorflow
$(TENSORFLOW_VENV)/installed: tests/python/requirements-tensorflow.txt
	python3 -m venv --clear "$(TENSORFLOW_VENV)"
	"$(TENSORFLOW_VENV)/bin/pip" install --quiet --requirement "$<"
	touch "$@"

check-bridges: build $(BRIDGES_VENV)/installed $(TENSORFLOW_VENV)/installed ## Run the tests of the bridges with the real PyTorch, TensorFlow, ONNX, MLflow, W&B, DVC
	$(WITH_BIN) "$(BRIDGES_VENV)/bin/python" tests/python/bridges.py

#: PREFIX      where `install` puts programs and shell completions
PREFIX = /usr/local
#: DESTDIR     a folder prepended to PREFIX, for packagers
DESTDIR =
$(call literally,PREFIX)
$(call literally,DESTDIR)
installed = $(call quoted,$(DESTDIR)$(PREFIX)/$(1))
DIST = $(call spaced,$(patsubst %/release,%/dist,$(call dense,$(BIN))))
PROGRAMS = dcgan-prepare dcgan-train dcgan-sample dcgan-eval dcgan-convert

# The profile `dist` has link-time optimisation and no line tables.
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

clean: ## Remove what cargo built; keep runs
	$(CARGO) clean
