#include "exec/ssh_policy.h"

#include "base/clock.h"

enum { FIRST_BACKOFF_S = 2, MAX_BACKOFF_S = 300, STABLE_S = 10, HOUR_S = 3600 };

void ssh_policy_init(struct ssh_policy *p, unsigned max_logins_per_hour)
{
    *p = (struct ssh_policy){ .max_logins_per_hour = max_logins_per_hour };
    if (p->max_logins_per_hour > SSH_POLICY_MAX_LOGINS)
        p->max_logins_per_hour = SSH_POLICY_MAX_LOGINS;
}

/* When the budget has room again; 0: now. */
static int64_t budget_until(const struct ssh_policy *p, int64_t now_us)
{
    if (!p->max_logins_per_hour || p->login_count < p->max_logins_per_hour)
        return 0;
    int64_t oldest = p->logins[(p->login_count - p->max_logins_per_hour) % SSH_POLICY_MAX_LOGINS];
    int64_t until = oldest + HOUR_S * US_PER_S;
    return until > now_us ? until : 0;
}

static long long seconds(int64_t us)
{
    return (long long)((us + US_PER_S - 1) / US_PER_S);
}

bool ssh_policy_may_try(struct ssh_policy *p, int64_t now_us, bool urgent, struct err *err)
{
    if (p->refused.code != ERR_NONE) {
        err_set(err, p->refused.code, "%s (no retry until reconnect)", p->refused.text);
        return false;
    }
    bool is_cool = !p->last_try_us || now_us - p->last_try_us >= FIRST_BACKOFF_S * US_PER_S;
    if (now_us < p->next_try_us && !(urgent && is_cool)) {
        err_set(err, ERR_OFFLINE, "%s (next try in %lld s)", p->last.text, seconds(p->next_try_us - now_us));
        return false;
    }
    int64_t until = urgent ? 0 : budget_until(p, now_us);
    if (!until)
        return true;
    p->next_try_us = until;
    err_set(&p->last, ERR_BUSY, "%u logins in an hour are used up (ssh.max_logins_per_hour)",
            p->max_logins_per_hour);
    err_set(err, ERR_BUSY, "%s (next try in %lld s)", p->last.text, seconds(until - now_us));
    return false;
}

void ssh_policy_try(struct ssh_policy *p, int64_t now_us)
{
    p->last_try_us = now_us;
    p->up_us = 0;
}

static void count_login(struct ssh_policy *p, int64_t now_us)
{
    p->logins[p->login_count++ % SSH_POLICY_MAX_LOGINS] = now_us;
}

void ssh_policy_up(struct ssh_policy *p, int64_t now_us)
{
    count_login(p, now_us);
    p->up_us = now_us;
    p->next_try_us = 0;
    p->last = (struct err){ 0 };
}

static void back_off(struct ssh_policy *p, int64_t now_us, uint32_t random)
{
    unsigned shift = p->failures < 8 ? p->failures : 8;
    int64_t wait_us = (int64_t)FIRST_BACKOFF_S * US_PER_S << shift;
    if (wait_us > MAX_BACKOFF_S * US_PER_S)
        wait_us = MAX_BACKOFF_S * US_PER_S;
    wait_us = wait_us * (750 + random % 501) / 1000;
    p->next_try_us = now_us + wait_us;
    p->failures++;
}

static bool is_final(enum err_code code)
{
    return code == ERR_AUTH || code == ERR_UNSUPPORTED || code == ERR_DENIED || code == ERR_INVALID;
}

void ssh_policy_down(struct ssh_policy *p, int64_t now_us, const struct err *err, bool was_login,
                     uint32_t random)
{
    bool was_up = p->up_us != 0;
    p->last = *err;
    if (!was_up) {
        p->login_failures += was_login || is_final(err->code);
        if (was_login)
            count_login(p, now_us);
        if (is_final(err->code))
            p->refused = *err;
        back_off(p, now_us, random);
    } else if (now_us - p->up_us >= STABLE_S * US_PER_S) {
        p->failures = 0;
        p->next_try_us = 0;
    } else if (p->failures) {
        back_off(p, now_us, random);
    } else {
        p->failures = 1;
        p->next_try_us = 0;
    }
    p->up_us = 0;
}

unsigned ssh_policy_logins_hour(const struct ssh_policy *p, int64_t now_us)
{
    unsigned count = 0;
    while (count < p->login_count && count < SSH_POLICY_MAX_LOGINS &&
           p->logins[(p->login_count - 1 - count) % SSH_POLICY_MAX_LOGINS] > now_us - HOUR_S * US_PER_S)
        count++;
    return count;
}

void ssh_policy_forget(struct ssh_policy *p)
{
    p->failures = 0;
    p->next_try_us = 0;
    p->last_try_us = 0;
    p->refused = p->last = (struct err){ 0 };
    p->needs_person = false;
}
