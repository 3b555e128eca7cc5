# What the scripts of this folder and those that try their products share. Source it at the root of the checkout.
version=$(sed -nE 's/.*static let number = "(.*)"/\1/p' Examples/char-rnn/Version.swift)
packages=$PWD/.build/packages
name=char-rnn-$version-linux-x86_64
tree=$packages/$name
# Debian's order of versions has 1.0.0~dev before 1.0.0.
deb=$packages/char-rnn_${version/-/\~}_amd64.deb

# The time of every file in a package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
# Sorting and dates in messages do not depend on who builds.
export LC_ALL=C TZ=UTC

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$1" >&2
    exit 1
}

# The archive of a folder beside it, with names in order, and without owners and times of this machine.
pack() {
    tar -C "$(dirname "$1")" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
        --mode=u=rwX,go=rX --format=gnu -cf - "$(basename "$1")" | gzip -9n >"$1.tar.gz"
    printf '%s: %d MB\n' "$1.tar.gz" $(($(stat -c %s "$1.tar.gz") / 1000000))
}
