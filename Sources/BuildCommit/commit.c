// In C, since there a setting can have a value; Package.swift gives it.
#include "BuildCommit.h"

const char *const build_commit = BUILD_COMMIT;
