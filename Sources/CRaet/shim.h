/* The library's own view of raet.h: pointers are not promised to be other than NULL, since hosts can pass it. */
#define RAET_NN
#define RAET_OPT
#include "../../Include/raet.h"
