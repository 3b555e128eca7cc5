// Puts the files of the page into the binary, so that nothing has to be found at run time.
#include "StudioPages.h"

#include <string.h>

static const unsigned char index_html[] = {
#embed "files/index.html"
};
static const unsigned char studio_css[] = {
#embed "files/studio.css"
};
static const unsigned char common_js[] = {
#embed "files/common.js"
};
static const unsigned char history_js[] = {
#embed "files/history.js"
};
static const unsigned char chart_js[] = {
#embed "files/chart.js"
};
static const unsigned char runs_js[] = {
#embed "files/runs.js"
};
static const unsigned char column_js[] = {
#embed "files/column.js"
};
static const unsigned char playground_js[] = {
#embed "files/playground.js"
};
static const unsigned char explain_js[] = {
#embed "files/explain.js"
};
static const unsigned char openapi_json[] = {
#embed "files/openapi.json"
};

#define SCRIPT "text/javascript; charset=utf-8"
#define FILE_OF(name, type, bytes) {name, type, bytes, sizeof bytes}

static const struct StudioPage pages[] = {
    FILE_OF("index.html", "text/html; charset=utf-8", index_html),
    FILE_OF("studio.css", "text/css; charset=utf-8", studio_css),
    FILE_OF("common.js", SCRIPT, common_js),
    FILE_OF("history.js", SCRIPT, history_js),
    FILE_OF("chart.js", SCRIPT, chart_js),
    FILE_OF("runs.js", SCRIPT, runs_js),
    FILE_OF("column.js", SCRIPT, column_js),
    FILE_OF("playground.js", SCRIPT, playground_js),
    FILE_OF("explain.js", SCRIPT, explain_js),
    FILE_OF("openapi.json", "application/json", openapi_json),
};

const struct StudioPage *studio_page(const char *name) {
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(pages[i].name, name) == 0) return &pages[i];
    }
    return NULL;
}
