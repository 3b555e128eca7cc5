// Puts the page into the binary, so that nothing has to be found at run time.
#include "ExplainPage.h"

const char *const explain_page = (const char[]){
#embed "page.html"
    , 0};
