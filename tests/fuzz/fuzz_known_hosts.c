/* known_hosts as people keep it: any bytes give a verdict, and a line of ours is found again. */
#include "text/known_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char key[] = "\0\0\0\013ssh-ed25519\0\0\0\004abcd";
    struct span text = { (const char *)data, size }, wire = { key, sizeof(key) - 1 };
    (void)known_hosts_check(text, "example.com", 22, wire);
    (void)known_hosts_check(text, "example.com", 2222, wire);
    (void)known_hosts_has_type(text, "example.com", 22, "ssh-ed25519");
    (void)known_hosts_key_type(text);
    auto_str struct str file = STR_MAX((size_t)4 << 20);
    known_hosts_line("example.com", 2222, wire, &file);
    if (known_hosts_check(str_span(&file), "example.com", 2222, wire).verdict != KNOWN_MATCH)
        __builtin_trap();
    return 0;
}
