"""Categories of the sample's products, guessed from words of their titles: the data set itself has none."""

from __future__ import annotations

import re

OTHER = "other"

# The first line of which a word occurs decides, so narrow ones stand above wide ones. An underscore stands for a space.
WORDS: tuple[tuple[str, str], ...] = (
    (
        "christmas and easter",
        "christmas xmas santa reindeer rudolph snowman snowflake snowflakes advent noel nativity bauble baubles "
        "stocking easter bunny bunnies chick chicks rabbit",
    ),
    (
        "cards, wrap and paper",
        "card cards wrap ribbon ribbons notebook notebooks pen pens pencil pencils sticker stickers tape tapes tissue "
        "tissues envelope envelopes calendar sketchbook notepad memo memoboard journal stamp stamps tags paper "
        "stationery writing_set letter_writing book_cover address_book photo_album postcard exercise_books note_books "
        "gift_tape eraser erasers ruler sharpener crayons chalk chalkboard blackboard paperweight gift_bag gift_bags "
        "gift_box gift_boxes place_settings",
    ),
    (
        "party",
        "party birthday bunting garland napkin napkins balloon balloons confetti honeycomb doiley doilies invites "
        "banner pennant flags cocktail straws disco_ball badges",
    ),
    (
        "toys and children",
        "toy toys doll dolls jigsaw game games child childs children children's childrens kids baby playhouse teddy "
        "dinosaur dinosaurs marbles skipping skittles dominoes snakes ludo puzzle puzzles puppet magic robot rocking "
        "soldiers knitting sewing feltcraft craft crochet building_blocks bingo money_bank spinning_tops "
        "modelling_clay colouring paint snake crawlies gliders helicopter crosses bubbles lip_gloss flying_disc "
        "heads_and_tails",
    ),
    (
        "bags and accessories",
        "bag bags shopper purse wallet handbag luggage passport umbrella washbag suitcase suitcases travel rucksack "
        "backpack tote necklace necklaces bracelet bracelets earring earrings brooch bangle pendant hair scarf hat "
        "poncho slipper fan sombrero key_ring key_fob parasol",
    ),
    (
        "candles and lights",
        "candle candles candleholder candlestick candlepot chocolatecandle t-light t-lights tlight light lights "
        "lantern lamp lampshade votive incense chandelier scented torch matches",
    ),
    ("hot water bottles and warmers", "hot_water hottie warmer warmers"),
    (
        "baking and cooking",
        "cake cakes cakestand baking cupcake kitchen apron oven cook cooking recipe jam jelly mould moulds pan "
        "measuring scales cookie biscuit bread spoon spoons tins tin bakelike cutter cutters pantry mixing colander "
        "ladle timer "
        "chopping lolly tea_towel tea_towels toastrack salt_and_pepper",
    ),
    (
        "tableware",
        "mug mugs cup cups saucer plate plates bowl bowls teapot tea coffee jug beaker beakers glass glasses tumbler "
        "dinner coaster coasters tray trays placemat placemats bottle bottles dish cutlery lunch snack picnic "
        "egg eggs milk sugar jar jars decanter goblet chopsticks",
    ),
    (
        "garden",
        "garden gardeners plant planter planters watering bird birds birdcage birdhouse herb herbs spade trowel "
        "windmill pot pots bucket seed seeds hammock bonsai greenhouse twine dragonfly wheelbarrow",
    ),
    (
        "cushions and textiles",
        "cushion cushions squarecushion cover covers towel towels throw quilt rug blanket curtain flannel fabric "
        "pillow doormat mat pinny tablecloth draught doorstop filler_pad",
    ),
    (
        "walls, signs and clocks",
        "sign signs doorsign frame frames wall clock mirror picture pictures hook hooks hanger hangers knob knobs "
        "drawerknob art plaque magnet magnets photo poster thermometer bell bells door board",
    ),
    (
        "boxes and furniture",
        "box boxes basket baskets drawer drawers cabinet storage rack shelf tidy bin table chair chairs stool holder "
        "organiser trinket chest cupboard stand seat container cases crates",
    ),
    (
        "household",
        "soap soaps bath bathroom toilet sponge toothbrush shower pegs gloves screwdriver spirit_level scissor "
        "scissors fly_swat plasters repair_kit puncture clips",
    ),
    (
        "decorations",
        "heart hearts hanging decoration decorations decorative ornament angel cherub star stars tree flower flowers "
        "wreath wicker feather butterfly butterflies mobile chime vase artificial figurine felt painted letter letters",
    ),
)

_PATTERNS = tuple(
    (
        name,
        re.compile(
            rf"(?<![\w'-])(?:{'|'.join(re.escape(word.replace('_', ' ')) for word in words.split())})(?![\w'-])"
        ),
    )
    for name, words in WORDS
)


def category(title: str) -> str:
    """Return the first category of which the title has a word, or ``"other"``."""
    text = title.casefold()
    return next((name for name, pattern in _PATTERNS if pattern.search(text)), OTHER)
