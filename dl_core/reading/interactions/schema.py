"""What a table of interactions may bring, and the column names by which each role is recognised."""

from __future__ import annotations

from dl_core.data.interactions.catalogue import CATEGORY, PRICE, TEXT, TITLE
from dl_core.reading.tables.keys import KeyNames
from dl_core.reading.tables.names import words_of
from dl_core.schema import Field, Role, Schema

_USER = """
    user_id userid user customer_id customerid customer cust_id client_id clientid client visitor_id visitorid visitor
    member_id memberid member buyer_id buyer shopper_id shopper household_id household_key household reviewer_id
    reviewerid reviewer consumer_id consumer subscriber_id subscriber viewer_id viewer listener_id listener reader_id
    reader guest_id guest patron_id account_id account person_id uid u_id user_name username login kunde kunden_id
    kundennummer session_id sessionid session basket
"""
_ITEM = """
    item_id itemid item movie_id movieid product_id productid stock_code stockcode sku article_id articleid asin
    parent_asin isbn book_id bookid song_id songid track_id trackid video_id videoid game_id gameid app_id appid
    anime_id show_id recipe_id business_id venue_id poi_id place_id hotel_id restaurant_id offer_id course_id news_id
    podcast_id content_id contentid listing_id artist_id artistid album_id item_code product_code product_number
    artikel_nr artikelnummer iid i_id movie film product article artikel book song track video game app anime show
    recipe restaurant venue poi place hotel offer course podcast content listing album artist item_name product_name
    movie_title song_title track_name book_title title
"""
_RATING = "rating ratings score stars star_rating overall rate user_rating review_score review_rating vote votes grade"
_COUNT = """
    count counts quantity qty plays play_count playcount listens listen_count views view_count clicks purchases times
    times_taken units amount_bought number_of_plays frequency watch_count hours playtime minutes watch_time menge anzahl
"""
_TIME = """
    timestamp unix_timestamp time_stamp time datetime date_time event_time event_timestamp date ts invoice_date
    order_date order_time purchase_date purchase_time transaction_date transaction_time created_at created rated_at
    reviewed_at unix_review_time review_time review_date viewed_at played_at listened_at event_date t_dat when day datum
"""
_GROUP = """
    country region state county district nationality language gender sex age age_group age_band age_range occupation
    segment customer_segment income income_group education marital_status membership membership_type
    club_member_status loyalty_tier tier plan device
"""
_TITLES = """
    title item_title movie_title book_title song_title product_title item_name product_name prod_name movie_name
    book_name track_name song_name name label
"""
_CATEGORIES = """
    category categories genre genres product_category item_category category_name main_category product_type
    product_group product_group_name product_type_name department department_name section topic type class
"""
_PRICES = "price unit_price unitprice item_price product_price list_price retail_price preis"
_TEXTS = "description text summary overview plot synopsis abstract about detail_desc tags keywords beschreibung"
_OTHER = """
    brand manufacturer maker author authors artist publisher seller vendor provider director year release_year
    release_date publication_year colour color colour_group_name size material format duration platform
"""

RATINGS, COUNTS = frozenset(_RATING.split()), frozenset(_COUNT.split())
ITEM_COLUMNS = {TITLE: _TITLES.split(), CATEGORY: _CATEGORIES.split(), PRICE: _PRICES.split(), TEXT: _TEXTS.split()}

INTERACTION_SCHEMA = Schema(
    (
        Field(
            Role.USER,
            "text",
            required=True,
            help="User id: a customer, reader or listener.",
            names=tuple(_USER.split()),
        ),
        Field(
            Role.ITEM,
            "text",
            required=True,
            help="Item id: a product, film, article or song.",
            names=tuple(_ITEM.split()),
        ),
        Field(
            Role.VALUE,
            "number",
            help=(
                "Rating (explicit feedback), count or quantity. Without it all interactions count equally (implicit "
                "feedback)."
            ),
            names=(*_RATING.split(), *_COUNT.split()),
        ),
        Field(
            Role.TIME,
            "time",
            help="Timestamp of the interaction. With it, the split is temporal.",
            names=tuple(_TIME.split()),
        ),
        Field(
            Role.GROUP,
            "category",
            many=True,
            help="Sensitive features of users (country, age, sex) for the bias check.",
            names=tuple(_GROUP.split()),
        ),
        Field(
            Role.FEATURE,
            "text",
            many=True,
            help="Item features: title, category, price, description.",
            names=(*(name for names in ITEM_COLUMNS.values() for name in names), *_OTHER.split()),
        ),
    )
)

KEYS = (Role.USER, Role.ITEM)
KNOWN_NAMES = frozenset(name for field in INTERACTION_SCHEMA.fields for name in field.names)
_CODES = ("id", "code", "key", "nr", "no", "number", "zip", "zipcode", "zip_code", "postcode")
IDS = KeyNames({*_CODES, *(name for role in KEYS for name in words_of(INTERACTION_SCHEMA, role))})
