#pragma once

#include <stddef.h>

/// A file that the studio shows to a browser, or to a program.
struct StudioPage {
    const char *_Nonnull name, *_Nonnull type;
    const unsigned char *_Nonnull bytes;
    size_t count;
};

/// The file of a name in the folder Pages/files, or NULL when there is no such file.
const struct StudioPage *_Nullable studio_page(const char *_Nonnull name);
