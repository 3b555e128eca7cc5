#!/usr/bin/env bash
# SwiftPM: `swift test -c release` does not use what `swift build -c release --build-tests` has built.
#
# Expected: the two compile with the same flags, as they do for debug, so that the second has nothing to compile.
# Seen (Swift 6.3.1, Linux x86-64): `swift test` adds -enable-testing to all modules, those of dependencies included, and
# compiles every one of them anew, in the same folder; the next `swift build` compiles them back. Nothing is said of it.
# Whoever builds first, to see the warnings, and tests then pays for both. `swift test -c release --skip-build` runs what
# `swift build --build-tests` has built; it has no `@testable import`.
set -euo pipefail

version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | head -n 1)
echo "$version"
[ "$version" = "Swift version 6.3.1" ] || { echo "Another version than the one this was seen with."; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p Sources/Greeting Tests/GreetingTests
cat >Package.swift <<'SWIFT'
// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "Greeting", targets: [.target(name: "Greeting"), .testTarget(name: "GreetingTests", dependencies: ["Greeting"])])
SWIFT
echo 'public func greeting() -> String { "hello" }' >Sources/Greeting/Greeting.swift
cat >Tests/GreetingTests/GreetingTests.swift <<'SWIFT'
import Greeting
import Testing
@Test func greets() { #expect(greeting() == "hello") }
SWIFT

compiles() { # expected: yes or no; command ...
    local expected=$1 seen=no
    shift
    "$@" >build.log 2>&1 || { cat build.log; exit 1; }
    if grep -q 'Compiling Greeting Greeting.swift' build.log; then seen=yes; fi
    echo "  $*: compiles the library: $seen"
    [ "$seen" = "$expected" ] || { echo "This has changed."; exit 1; }
}

for configuration in debug release; do
    again=yes
    if [ $configuration = debug ]; then again=no; fi
    echo "$configuration:"
    swift build -c $configuration --build-tests >build.log 2>&1 || { cat build.log; exit 1; }
    compiles no swift build -c $configuration --build-tests
    compiles no swift test -c $configuration --skip-build
    compiles $again swift test -c $configuration
    compiles $again swift build -c $configuration --build-tests
done
