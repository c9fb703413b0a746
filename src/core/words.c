/* SPDX-License-Identifier: ISC */
#include "gapseal/words.h"

#include <string.h>

static const char *const table[WORDS_COUNT] = {
	"abbey", "acorn", "actor", "admit", "adult", "agent", "album", "almond",
	"alpine", "anchor", "angle", "anvil", "apple", "apron", "arctic", "argue",
	"arrow", "ashes", "atlas", "autumn", "badge", "bamboo", "banjo", "barley",
	"basket", "beacon", "beaver", "bicycle", "bishop", "blossom", "bonfire", "bottle",
	"branch", "brick", "bridge", "bronze", "bucket", "buffalo", "bugle", "butter",
	"cabin", "cactus", "camel", "candle", "canyon", "carbon", "castle", "cedar",
	"cellar", "chalk", "cherry", "chimney", "circus", "citrus", "cliff", "clover",
	"cobalt", "cobweb", "coffee", "comet", "copper", "coral", "cotton", "cousin",
	"cradle", "cricket", "crown", "crystal", "curtain", "cymbal", "dagger", "daisy",
	"dancer", "desert", "diamond", "dinner", "dolphin", "donkey", "dragon", "drizzle",
	"drummer", "eagle", "earth", "easel", "elbow", "ember", "emerald", "enamel",
	"engine", "envoy", "epoch", "fabric", "falcon", "fender", "ferry", "fiddle",
	"finger", "flannel", "flute", "forest", "fossil", "freckle", "gadget", "galaxy",
	"gallop", "garden", "gazelle", "giraffe", "glacier", "glove", "goblet", "gopher",
	"gravel", "guitar", "hamlet", "harbor", "hazard", "hazel", "helmet", "hiccup",
	"hickory", "honey", "hornet", "hotel", "husky", "iceberg", "igloo", "indigo",
	"inkwell", "insect", "island", "ivory", "jacket", "jaguar", "jasmine", "jersey",
	"jigsaw", "juggler", "jungle", "kayak", "kennel", "kestrel", "kettle", "kimono",
	"kitchen", "koala", "ladder", "lagoon", "lantern", "lattice", "lemon", "leopard",
	"lettuce", "lilac", "linen", "lizard", "lobster", "lotus", "magnet", "mango",
	"maple", "marble", "meadow", "mentor", "meteor", "mirror", "monsoon", "mosaic",
	"muffin", "mustard", "napkin", "nectar", "needle", "nephew", "nickel", "noodle",
	"novel", "nugget", "nutmeg", "oasis", "oatmeal", "ocean", "olive", "onion",
	"opera", "orbit", "orchid", "oxygen", "oyster", "paddle", "palace", "panda",
	"parrot", "peanut", "pebble", "pepper", "pigeon", "pillow", "pirate", "planet",
	"pocket", "polar", "poppy", "prairie", "puzzle", "quartz", "quilt", "quiver",
	"rabbit", "radish", "ravine", "rhubarb", "ribbon", "river", "robin", "salmon",
	"sandal", "satin", "scarf", "shovel", "silver", "sketch", "spider", "sponge",
	"squid", "summit", "sunset", "swallow", "tailor", "temple", "thistle", "thunder",
	"tiger", "tomato", "torch", "trumpet", "tulip", "turtle", "tuxedo", "uncle",
	"urban", "valley", "vanilla", "velvet", "violin", "volcano", "waffle", "walnut",
	"whisper", "wicker", "window", "yogurt", "yonder", "zebra", "zenith", "zodiac",
};

const char *words_word(uint8_t byte)
{
	return table[byte];
}

void words_print(char out[static WORDS_SIZE], const uint8_t bytes[static WORDS_BYTES])
{
	for (size_t i = 0; i < WORDS_BYTES; i++) {
		size_t length = strlen(table[bytes[i]]);

		memcpy(out, table[bytes[i]], length);
		out += length;
		*out++ = i + 1 < WORDS_BYTES ? ' ' : '\0';
	}
}
