#pragma once

/// The page of `char-rnn explain`, page.html, in which the data takes the place of the word "@DATA@".
extern const char *const explain_page;
