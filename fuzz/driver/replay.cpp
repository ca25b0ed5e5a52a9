// Placeholder main: replays every file named on the command line.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size);
int main() { return LLVMFuzzerTestOneInput(nullptr, 0); }
