// A shared library that is no application.
extern "C" __attribute__((visibility("default"))) int pounce_something_else();
int pounce_something_else() { return 1; }
