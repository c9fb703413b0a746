/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "../../src/line/vault_private.h"

/* Digests over a content and a NUL, where they count. */

static const struct slot slot = {42, 2}, other = {42, 1};

static void allow(struct manifest_policy *policy, bool nul)
{
	static unsigned forms[] = {DIGEST_EXACT, DIGEST_NUL};

	*policy = (struct manifest_policy){.digest_forms = {.items = forms, .count = nul ? 2 : 1}};
}

static void put(struct listing *listing, struct slot at, const char *content, bool nul)
{
	struct listing_item *item = &listing->items[listing->count++];

	*item = (struct listing_item){.slot = at, .has_digest = true};
	credential_digest(item->digest, bytes_of(content), nul);
}

static void assert_digest(const struct listing_item *item, const char *content, bool nul)
{
	uint8_t digest[HASH_SIZE];

	credential_digest(digest, bytes_of(content), nul);
	assert_memory_equal(item->digest, digest, HASH_SIZE);
}

static void count_where_the_policy_says_so(void **state)
{
	(void)state;
	for (int nul = 0; nul < 2; nul++) {
		static struct vault_port port;
		static struct listing listing;
		struct manifest_policy policy;

		port = (struct vault_port){0};
		listing.count = 0;
		allow(&policy, nul);
		assert_int_equal(vault_allows_nul(&policy), nul);
		assert_true(vault_form_keep(&port, slot, bytes_of("key")));
		put(&listing, slot, "key", true);
		assert_int_equal(vault_forms_apply(&port, &policy, &listing), nul);
		assert_digest(&listing.items[0], "key", !nul);
	}
}

/* Only the planned content of the very slot, and only while it is kept. */
static void count_for_nothing_else(void **state)
{
	static struct vault_port port;
	static struct listing listing;
	struct manifest_policy policy;

	(void)state;
	allow(&policy, true);
	assert_true(vault_form_keep(&port, slot, bytes_of("key")));
	put(&listing, slot, "yek", true);
	put(&listing, other, "key", true);
	assert_false(vault_forms_apply(&port, &policy, &listing));
	assert_digest(&listing.items[0], "yek", true);
	assert_digest(&listing.items[1], "key", true);
	listing.count = 0;
	put(&listing, slot, "key", false); /* is exact as it is */
	assert_false(vault_forms_apply(&port, &policy, &listing));
	assert_digest(&listing.items[0], "key", false);
	listing.count = 0;
	put(&listing, slot, "key", true);
	listing.items[0].has_digest = false;
	assert_false(vault_forms_apply(&port, &policy, &listing));
	listing.items[0].has_digest = true;
	vault_forms_forget(&port);
	assert_false(vault_forms_apply(&port, &policy, &listing));
	for (size_t i = 0; i < sizeof port.forms; i++)
		assert_int_equal(((const uint8_t *)port.forms)[i], 0);
}

static void have_room_for_every_slot(void **state)
{
	static struct vault_port port;

	(void)state;
	for (uint32_t i = 0; i < SLOTS_MAX; i++)
		assert_true(vault_form_keep(&port, (struct slot){i, 2}, bytes_of("key")));
	assert_false(vault_form_keep(&port, (struct slot){SLOTS_MAX, 2}, bytes_of("key")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_where_the_policy_says_so),
		cmocka_unit_test(count_for_nothing_else),
		cmocka_unit_test(have_room_for_every_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
