#!/usr/bin/env bash
# SwiftPM and the Swift compiler: whether a build for libFuzzer has any coverage counters is left to chance.
#
# Expected: `swift build --sanitize fuzzer --sanitize address` instruments Swift code for both, as clang does with
# -fsanitize=fuzzer -fsanitize=address in either order.
# Seen (Swift 6.3.1, Linux x86-64):
#   - the compiler looks at the last -sanitize= alone when it decides on counters: `-sanitize=fuzzer -sanitize=address`
#     gives none, the other order, or one option with a comma, gives them; nothing is said either way;
#   - SwiftPM hands the two over in an order that changes from build to build.
# So the same command makes a fuzzer that learns from what it reaches, or one that is blind: it runs, finds no new edge,
# and passes. Whoever fuzzes a Swift package should add -Xswiftc -sanitize=fuzzer, and look at the edges reached.
set -euo pipefail

version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | head -n 1)
echo "$version"
[ "$version" = "Swift version 6.3.1" ] || { echo "Another version than the one this was seen with."; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p Sources/Reader
cat >Package.swift <<'SWIFT'
// swift-tools-version: 6.0
import PackageDescription
let package = Package(name: "Reader", targets: [.target(name: "Reader")])
SWIFT
cat >Sources/Reader/Reader.swift <<'SWIFT'
public func isGreeting(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 1 else { return false }
    return bytes[0] == 72 && bytes[1] == 105
}
SWIFT

counters() { # object file
    readelf --sections --wide "$1" | grep -c __sancov_cntrs || true
}

echo "The compiler:"
declare -A expected=(
    ["-sanitize=fuzzer -sanitize=address"]=none ["-sanitize=address -sanitize=fuzzer"]=some
    ["-sanitize=fuzzer,address"]=some ["-sanitize=address,fuzzer"]=some
)
for options in "${!expected[@]}"; do
    # shellcheck disable=SC2086
    swiftc -O -parse-as-library -module-name Reader $options -c Sources/Reader/Reader.swift -o reader.o
    seen=some
    [ "$(counters reader.o)" -gt 0 ] || seen=none
    echo "  $options: $seen"
    [ "$seen" = "${expected[$options]}" ] || { echo "This has changed."; exit 1; }
done

echo "swift build -c release --sanitize fuzzer --sanitize address, ten times:"
with=0 without=0
for build in 1 2 3 4 5 6 7 8 9 10; do
    swift build -c release --sanitize fuzzer --sanitize address --scratch-path "build$build" >build.log 2>&1 ||
        { cat build.log; exit 1; }
    object=$(find "build$build/" -path '*Reader.build*' -name '*.o' | head -n 1)
    if [ "$(counters "$object")" -gt 0 ]; then with=$((with + 1)); else without=$((without + 1)); fi
done
echo "  $with with counters, $without without"
# By pure chance all ten come out alike once in 512 times.
[ "$with" -gt 0 ] && [ "$without" -gt 0 ] || { echo "This has changed."; exit 1; }
