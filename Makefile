# The short way round: `make demo` and `make test` work on a fresh machine. `make` alone lists the targets.

SHELL := bash
SWIFT := swift
SOURCES := Package.swift Sources Examples Tests

# The demo, and what it may be told: make demo ITERATIONS=5000 MINUTES=15
CHAR_RNN := .build/release/char-rnn
DEMO_DATA := data/tinyshakespeare
DEMO_RUN := cv/demo
ITERATIONS := 2000
MINUTES := 5
# How long to fuzz: make fuzz SECONDS=3600
SECONDS := 60

# Whose MPI, by the name that pkg-config has for it: make mpi MPI=mpich
MPI := ompi-c
MPI_PACKAGE = $(if $(filter mpich,$(MPI)),libmpich-dev mpich,$(if $(filter ompi-c,$(MPI)),libopenmpi-dev openmpi-bin))
# What else the compiler is told: make mpi FLAGS='-Xswiftc -Onone'
FLAGS :=

# make portability PLATFORMS=--all fails when one is missing
PLATFORMS :=

# What make studio shows, and where: make studio FOLDER=cv/demo PORT=8081
FOLDER := cv
PORT := 8080

.DEFAULT_GOAL := help
.PHONY: help setup data build mpi demo studio test portability fuzz bundle deb card-bundle docs lint format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing from the system (says what and why first)
	@.ci/setup

data: setup ## Prepare the example text, data/tinyshakespeare/input.txt
	@data/prepare

build: setup ## Build the char-rnn command, optimised
	$(SWIFT) build -c release --product char-rnn

# Built apart, since the trait is told to every module. Of pkg-config's answers SwiftPM takes nothing when one flag is such
# as -Wl,-z,relro, which Debian's MPICH has, so it gets them without.
mpi: setup ## Build char-rnn for training on many machines (MPI=ompi-c): .build/release/char-rnn-mpi
	@.ci/setup $(MPI_PACKAGE)
	@mkdir -p .build/mpi/pkgconfig
	@printf 'Name: %s\nDescription: MPI\nVersion: 0\nCflags: %s\nLibs: %s\n' $(MPI) \
	    "$$(pkg-config --cflags-only-I $(MPI))" "$$(pkg-config --libs-only-L --libs-only-l $(MPI))" \
	    > .build/mpi/pkgconfig/$(MPI).pc
	@find .build/mpi -name 'CMPI-*.pcm' -delete  # that of another MPI would be taken for this one's
	CHAR_RNN_MPI=$(MPI) PKG_CONFIG_PATH=$(CURDIR)/.build/mpi/pkgconfig:$$PKG_CONFIG_PATH \
	    $(SWIFT) build -c release --traits MPI --scratch-path .build/mpi --product char-rnn $(FLAGS)
	@folder=$$($(SWIFT) build -c release --show-bin-path) && mkdir -p "$$folder" && \
	    { [ -e .build/release ] || ln -s "$${folder#$(CURDIR)/.build/}" .build/release; } && \
	    cp .build/mpi/release/char-rnn .build/release/char-rnn-mpi

# The time limit ends the training; the checkpoints written by then are all the demo needs. Only checkpoints
# of this run are looked at (-newer), and the best is told by its name: lm_<label>_epoch<E.EE>_<validation loss>.
demo: data build ## Train on Shakespeare with OpenCL for a few minutes, then print a sample
	@set -euo pipefail; \
	mkdir -p $(DEMO_RUN); \
	touch $(DEMO_RUN)/.started; \
	echo "Training: $(ITERATIONS) iterations, at most $(MINUTES) minutes."; \
	timeout --foreground $(MINUTES)m $(CHAR_RNN) train --opencl --data-dir $(DEMO_DATA) \
	    --checkpoint-dir $(DEMO_RUN) --max-iterations $(ITERATIONS) --eval-every 500 --print-every 50 \
	    || { code=$$?; [ $$code = 124 ] || exit $$code; echo "Stopped after $(MINUTES) minutes."; }; \
	best=$$(find $(DEMO_RUN) -name 'lm_*.safetensors' -newer $(DEMO_RUN)/.started \
	    | sed -nE 's/.*_([0-9.]+)\.safetensors$$/\1 &/p' | LC_ALL=C sort -n | head -n 1); \
	[ -n "$$best" ] || best=$$(find $(DEMO_RUN) -name 'lm_*.safetensors' -newer $(DEMO_RUN)/.started \
	    | sed -n '$$s/^/unknown /p'); \
	[ -n "$$best" ] || { echo "No checkpoint was written in time: try make demo MINUTES=15" >&2; exit 1; }; \
	checkpoint=$${best#* }; \
	echo; \
	echo "Lowest validation loss: $${best%% *}, in $$checkpoint"; \
	echo "500 characters from it:"; \
	echo; \
	$(CHAR_RNN) sample $$checkpoint --length 500 --temperature 0.8; \
	echo; \
	echo; \
	echo "Now you:"; \
	echo "  sample more      $(CHAR_RNN) sample $$checkpoint --length 2000 --temperature 0.7"; \
	echo "  give it a start  $(CHAR_RNN) sample $$checkpoint --prime 'ROMEO:'"; \
	echo "  your own text    put it in a folder as input.txt, then"; \
	echo "                   $(CHAR_RNN) train --opencl --data-dir FOLDER --checkpoint-dir cv/mine"

# The first build takes some minutes, of which the server's packages are most.
studio: setup ## Show the runs and models of a folder in the browser (FOLDER=cv PORT=8080)
	$(SWIFT) build -c release --package-path Examples/studio --product char-rnn-studio
	@Examples/studio/.build/release/char-rnn-studio $(FOLDER) --port $(PORT)

# Built as everything else is: by itself `swift test` compiles all of it anew, for tests of what is not public, which there
# are none of.
test: setup ## Run all tests
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build

# Intel's runtime is fetched with pip, 260 MB at the first time; what else is missing is said to be.
portability: setup ## Compare every OpenCL platform to be had here with the CPU, in one table
	$(SWIFT) build -c release --build-tests
	Tests/Portability/portability $(PLATFORMS)

fuzz: setup ## Look for files that crash, hang or exhaust the readers (SECONDS=60)
	@Tests/Fuzz/run $(SECONDS)

bundle: data ## Pack the command with all that it needs, to run on any Linux: .build/packages
	@.ci/setup patchelf
	@Examples/Packaging/bundle

deb: bundle ## Make a Debian package of that bundle
	@Examples/Packaging/deb

card-bundle: bundle ## Pack that bundle with the tests, to try a graphics card on a bare machine
	@Tests/Card/bundle

docs: setup ## Build the documentation of both libraries: .build/docs
	@.ci/docs

lint: ## Check the formatting of the Swift sources
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format: ## Format the Swift sources in place
	$(SWIFT) format --in-place --recursive $(SOURCES)

clean: ## Remove what was built (texts and checkpoints stay)
	rm -rf .build Examples/*/.build Tests/Fuzz/.build
