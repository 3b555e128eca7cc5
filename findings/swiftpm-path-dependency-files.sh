#!/usr/bin/env bash
# SwiftPM: a file that is added to a package on which another depends by path is not compiled.
#
# Expected: the next build of the depending package compiles it, as it does a file added to the package itself.
# Seen (Swift 6.3.1, Linux x86-64): the build of the dependency goes on with the files that were there before; what the new
# one declares "cannot be found in scope", however often one builds, also after a `touch` of the dependency's manifest.
# After a `touch` of the depending package's own Package.swift it is there. So a program next to a checkout of a library
# does not build after the `git pull` that has added a file.
set -euo pipefail

version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | head -n 1)
echo "$version"
[ "$version" = "Swift version 6.3.1" ] || { echo "Another version than the one this was seen with."; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p library/Sources/Numbers program/Sources/program
cat >library/Package.swift <<'SWIFT'
// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "library", products: [.library(name: "Numbers", targets: ["Numbers"])], targets: [.target(name: "Numbers")])
SWIFT
cat >program/Package.swift <<'SWIFT'
// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "program", dependencies: [.package(path: "../library")],
    targets: [.executableTarget(name: "program", dependencies: [.product(name: "Numbers", package: "library")])])
SWIFT
echo 'public let one = 1' >library/Sources/Numbers/One.swift
printf 'import Numbers\nprint(one)\n' >program/Sources/program/main.swift

builds() { # expected: yes or no; what was done before
    local seen=yes
    (cd program && swift build) >build.log 2>&1 || seen=no
    echo "  $2: builds: $seen"
    [ "$seen" = "$1" ] || { cat build.log; echo "This has changed."; exit 1; }
}

builds yes "the library has one file"
builds yes "again, with nothing changed"
echo 'public let two = 2' >library/Sources/Numbers/Two.swift
printf 'import Numbers\nprint(one + two)\n' >program/Sources/program/main.swift
builds no "it has a second one"
grep -q "cannot find 'two' in scope" build.log || { cat build.log; echo "This has changed."; exit 1; }
touch library/Package.swift
builds no "its manifest is touched"
touch program/Package.swift
builds yes "the program's manifest is touched"
printf 'let three = 3\n' >program/Sources/program/Three.swift
printf 'import Numbers\nprint(one + two + three)\n' >program/Sources/program/main.swift
builds yes "the program has a second file itself"
