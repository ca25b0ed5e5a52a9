/* Included before llhttp's sources: its unused debug printer is the one place that would give the
 * protocol library an output stream. */
#include <stdio.h>
#define fprintf(...) ((void)0)
