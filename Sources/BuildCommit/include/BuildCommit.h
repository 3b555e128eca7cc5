#pragma once

/// The commit of the checkout that this is built from, forty hexadecimal digits, with a "+" where the checkout has
/// changes that are not committed; empty when it is no checkout of git.
extern const char *const build_commit;
