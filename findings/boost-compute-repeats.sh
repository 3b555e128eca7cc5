#!/usr/bin/env bash
# Boost.Compute 1.74: its linear congruential engine gives the same numbers at each call, and none of them is even.
#
# One expects of linear_congruential_engine, a random number engine on OpenCL devices, that generate() goes on where the
# last call ended, as threefry_engine does and as the engines of the C++ library do. A call of up to 1024 numbers leaves
# the engine as it was, so the next call begins with the same numbers, of whatever size it is. Its multiplier is odd and
# it adds nothing: from its default seed all numbers are odd. With a distribution upon it the draws repeat as well: of
# discrete_distribution one character at a time is always the same. Within one call frequencies are right. Its
# documentation speaks of "low quality random numbers", but not of calls that repeat.
#
# Take threefry_engine, or draw all numbers that are needed in one call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# What PoCL needs besides (LLVM 15, hwloc, and clang-15 as a linker) comes with Debian's pocl-opencl-icd, the headers and
# the library to link with from ocl-icd-opencl-dev.
apt-get -o APT::Sandbox::User=root download -q libpocl2=3.1-3+deb12u1 libpocl2-common=3.1-3+deb12u1 \
    libboost1.74-dev=1.74.0+ds1-21 > apt.log
for package in *.deb; do dpkg -x "$package" debian; done
OCL_ICD_VENDORS=$(find "$PWD/debian" -name 'libpocl.so.2*' -type f)
export OCL_ICD_VENDORS POCL_CACHE_DIR="$folder/cache"
mkdir cache
cat > draws.cpp <<'CPP'
#define CL_TARGET_OPENCL_VERSION 120
#include <algorithm>
#include <boost/compute.hpp>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace compute = boost::compute;
using Numbers = std::vector<compute::uint_>;

compute::device device = compute::system::default_device();
compute::context context(device);
compute::command_queue queue(context, device);
bool changed = false;

void see(const std::string &what, bool seen, bool expected) {
    std::cout << (seen == expected ? "" : "NOT ") << "as described: " << what << ": " << (seen ? "yes" : "no") << "\n";
    changed |= seen != expected;
}

/// What `fill` writes into a vector of so many numbers.
template <class Fill> Numbers numbers(size_t count, Fill fill) {
    compute::vector<compute::uint_> on_device(count, context);
    fill(on_device.begin(), on_device.end());
    Numbers on_host(count);
    compute::copy(on_device.begin(), on_device.end(), on_host.begin(), queue);
    return on_host;
}

template <class Engine> void look(const std::string &name, bool repeats) {
    Engine engine(queue);
    auto generate = [&](auto first, auto last) { engine.generate(first, last, queue); };
    Numbers first = numbers(8, generate);
    for (size_t count : {8, 1000, 100000}) {
        Numbers later = numbers(count, generate);
        see(name + ", a later call of " + std::to_string(count) + " begins with the first 8",
            std::equal(first.begin(), first.end(), later.begin()), repeats);
        see(name + ", within it hardly any number comes twice",
            std::set<compute::uint_>(later.begin(), later.end()).size() > count * 0.99, true);
        auto odd = [](auto each) { return each % 2 == 1; };
        see(name + ", all are odd", std::all_of(later.begin(), later.end(), odd), repeats);
    }
    Engine other(queue, 2);
    Numbers seeded = numbers(8, [&](auto begin, auto end) { other.generate(begin, end, queue); });
    see(name + ", another seed gives others", seeded != first, true);

    const std::vector<double> weights = {1, 2, 3, 4};
    compute::discrete_distribution<compute::uint_> characters(weights.begin(), weights.end());
    auto draw = [&](auto first, auto last) { characters.generate(first, last, engine, queue); };
    std::string text;
    for (int i = 0; i < 40; i++) text += "abcd"[numbers(1, draw)[0]];
    std::cout << name << ", a character at a time: " << text << "\n";
    see(name + ", always the same", text.find_first_not_of(text[0]) == std::string::npos, repeats);
    Numbers many = numbers(100000, draw);
    bool right = true;
    for (compute::uint_ i = 0; i < 4; i++) {
        double often = std::count(many.begin(), many.end(), i) / 100000.0;
        right &= std::abs(often - weights[i] / 10) < 0.01;
    }
    see(name + ", the frequencies within one call are right", right, true);
}

int main() {
    std::cout << "Boost " << BOOST_LIB_VERSION << ", " << device.platform().version() << "\n";
    look<compute::linear_congruential_engine<compute::uint_>>("linear_congruential_engine", true);
    look<compute::threefry_engine<>>("threefry_engine", false);
    if (changed) std::cout << "this has changed\n";
    return changed;
}
CPP
g++ -std=c++17 -w -isystem debian/usr/include draws.cpp -o draws -lOpenCL
timeout 300 ./draws
