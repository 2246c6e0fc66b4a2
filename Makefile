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

CARGO ?= cargo
BIN := $(or $(CARGO_TARGET_DIR),target)/release

#: PIPELINE    the settings of all stages: a file of pipelines/, or your own
PIPELINE ?= pipelines/mnist.yaml
#: RUN         the folder of the run; by default runs/ and the pipeline's name
RUN ?= runs/$(basename $(notdir $(PIPELINE)))
#: SET         settings that override the pipeline's: SET='train.epochs=10 train.seed=1'
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
#: RUNS        evaluated runs for `compare`: RUNS='runs/a runs/b'
RUNS ?=
#: OUT         the folder that `compare` writes
OUT = runs/compare
#: PREPARE, TRAIN, SAMPLE, EVAL   the command that runs a stage: TRAIN='python mine.py' swaps one
PREPARE ?= $(BIN)/dcgan-prepare
TRAIN ?= $(BIN)/dcgan-train
SAMPLE ?= $(BIN)/dcgan-sample
EVAL ?= $(BIN)/dcgan-eval

COMMON = --pipeline "$(PIPELINE)" $(patsubst %,--set '%',$(SET)) \
  $(if $(THREADS),--threads $(THREADS)) $(if $(FORCE),--force)

# A checkpoint tells of the best one of its run, so that the highest is enough to find it.
HIGHEST = $(shell printf '%s\n' "$(RUN)"/train/checkpoints/step-*.safetensors | sort -V | tail -n 1)
IS_BEST = $(if $(subst best,,$(CHECKPOINT)),,$(CHECKPOINT))
LOOKED_AT = "$(or $(if $(IS_BEST),,$(CHECKPOINT)),$(HIGHEST))"
# A run whose checkpoints are gone still draws: by its generator alone.
STANDS = $(shell ls "$(RUN)"/train/checkpoints/step-*.safetensors 2>/dev/null)
DRAWN_BY = $(if $(CHECKPOINT)$(STANDS),$(LOOKED_AT),"$(RUN)/train/generator.safetensors")
# What is named here goes before what the pipeline says.
whether_best = $(if $(CHECKPOINT),--set $(1).best=$(if $(IS_BEST),true,false))

# What the report shows of a training beside its figures; a trainer of one's own may lack it.
RAN = $(RUN)/train
seen = $(if $(shell test -e "$(2)" && echo yes),$(1) "$(2)")
BESIDE = $(call seen,--run,$(RAN)/run.json) $(call seen,--histograms,$(RAN)/histograms.csv) \
  $(call seen,--scores,$(RAN)/scores.csv) $(call seen,--timing,$(RAN)/timing.csv) \
  $(if $(shell ls "$(RAN)"/samples/step-*.png 2>/dev/null),--grids "$(RAN)/samples") \
  $(if $(CHECKPOINTS),--checkpoints "$(RAN)/checkpoints")

# A stage whose command was replaced needs no build of ours.
built_for = $(if $(filter file,$(origin $(1))),build)

.PHONY: help build prepare train sample eval compare check fmt clippy test smoke torture reproduce verify hashes soak fuzz deny doc bench clean

help: ## List targets and variables
	@awk 'BEGIN { FS = ":.*## "; print "Targets:" } /^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@awk 'BEGIN { print "Variables:" } sub(/^#: /, "") { print "  " $$0 }' $(firstword $(MAKEFILE_LIST))

build: ## Build the programs
	@$(CARGO) build --release --locked --workspace --bins

prepare: $(call built_for,PREPARE) ## Stage 1: a source to RUN/prepare/dataset.safetensors
	$(PREPARE) $(COMMON) --out "$(RUN)/prepare"

train: $(call built_for,TRAIN) ## Stage 2: the dataset to RUN/train: checkpoints, metrics.csv, grids
	$(TRAIN) $(COMMON) --dataset "$(RUN)/prepare/dataset.safetensors" --out "$(RUN)/train"

sample: $(call built_for,SAMPLE) ## Stage 3: a checkpoint's generator to RUN/sample: pictures
	$(SAMPLE) $(COMMON) $(call whether_best,sample) --model $(DRAWN_BY) --out "$(RUN)/sample"

eval: $(call built_for,EVAL) ## Stage 4: dataset and checkpoint to RUN/eval: grids, statistics
	$(EVAL) $(COMMON) $(call whether_best,eval) --dataset "$(RUN)/prepare/dataset.safetensors" --checkpoint $(LOOKED_AT) --metrics "$(RUN)/train/metrics.csv" $(BESIDE) --out "$(RUN)/eval"

compare: build ## Evaluated RUNS side by side, groups of seeds tested: OUT/compare.html
	$(BIN)/dcgan-eval compare $(or $(RUNS),$(error RUNS is not set, expected evaluated runs: RUNS='runs/a runs/b')) \
	  --out "$(OUT)" $(if $(FORCE),--force)

check: fmt clippy test smoke doc ## The whole gate: what CI runs

# One profile for all of it, so that dependencies are compiled once.
fmt: ## Check the formatting
	$(CARGO) fmt --all --check

clippy: ## Check the lints
	$(CARGO) clippy --workspace --all-targets --release --locked -- -D warnings

test: build ## Run the tests
	DCGAN_BIN_DIR="$(abspath $(BIN))" INSTA_UPDATE=no $(CARGO) test --workspace --release --locked

# The second pass must find nothing to do: no file newer than the stamp between the two.
smoke: build ## Run smoke.yaml from end to end, twice, in a temporary folder
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	stages() { $(MAKE) --no-print-directory prepare train sample eval \
	  PIPELINE=pipelines/smoke.yaml RUN="$$folder/smoke" SET= FORCE=; }; \
	stages; touch "$$folder/stamp"; stages; \
	written=$$(find "$$folder/smoke" -type f ! -name '.*' -newer "$$folder/stamp"); \
	if [ -n "$$written" ]; then printf 'error: the second pass wrote files:\n%s\n' "$$written" >&2; exit 1; fi; \
	echo "smoke: the path runs from end to end, and a second pass does nothing"

#: KILLS       kills that `torture` deals out to each of train, prepare and eval
KILLS ?= 200
torture: build ## The long form of the kill tests, and a stop before each change to the disk
	$(CARGO) build --release --locked -p dcgan-tests --examples
	DCGAN_BIN_DIR="$(abspath $(BIN))" DCGAN_KILLS=$(KILLS) $(CARGO) test --release --locked -p dcgan-tests --test it \
	  -- kills:: faults:: --nocapture --test-threads=1

#: SOURCE      the folder that a run's sources lie in, for `reproduce` and `verify`
SOURCE ?=
#: CLASSIFIER  the classifier that a run was given, for the same two
CLASSIFIER ?=
OUTSIDE = $(if $(SOURCE),--source "$(SOURCE)") $(if $(CLASSIFIER),--classifier "$(CLASSIFIER)")
reproduce: build ## Repeat the finished RUN from its manifests and compare every hash
	python3 tests/python/reproduce.py "$(RUN)" --bin "$(BIN)" $(OUTSIDE) $(if $(THREADS),--threads $(THREADS))

verify: build ## Walk the chain of RUN: figures, checkpoint, dataset, sources
	$(BIN)/dcgan-eval verify "$(RUN)" $(OUTSIDE)

hashes: build ## Record the hashes of smoke.yaml on this kind of processor: tests/golden/smoke-hashes.json
	DCGAN_WRITE_HASHES=1 DCGAN_BIN_DIR="$(abspath $(BIN))" $(CARGO) test --release --locked -p dcgan-tests --test it -- hashes:: --nocapture

#: SECONDS     how long `soak` runs, and `fuzz` for each target
SECONDS ?= 300
soak: build ## Train for SECONDS and show memory, handles and files
	tests/soak.sh "$(BIN)" $(SECONDS)

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
	else echo 'no network: the advisories are not checked' >&2; fi

doc: ## Build the documentation; a broken link is an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --release --locked

#: PEERS       PEERS=1: `bench` runs PyTorch and TensorFlow too, in turn with ours
PEERS ?=
#: PEERS_VENV  the virtual environment that they are installed into
PEERS_VENV ?= target/peers
#: ROUNDS      how often `bench` runs each program; medians are over rounds
ROUNDS ?= 3
bench: build $(if $(PEERS),$(PEERS_VENV)/installed) ## Time training, preparing and sampling
	$(BIN)/compare --rounds $(ROUNDS) $(if $(THREADS),--threads $(THREADS)) \
	  $(if $(PEERS),--torch "$(PEERS_VENV)/bin/python" --tensorflow "$(PEERS_VENV)/bin/python")

$(PEERS_VENV)/installed: peers/requirements.txt
	python3 -m venv "$(PEERS_VENV)"
	"$(PEERS_VENV)/bin/pip" install --quiet --requirement peers/requirements.txt
	touch "$@"

# TensorBoard's own reader, for the test that reads event files back by it.
TENSORBOARD_VENV = target/tensorboard
$(TENSORBOARD_VENV)/installed: tests/python/tensorboard-requirements.txt
	python3 -m venv "$(TENSORBOARD_VENV)"
	"$(TENSORBOARD_VENV)/bin/pip" install --quiet --requirement "$<"
	touch "$@"

clean: ## Remove what cargo built; runs stay
	$(CARGO) clean
