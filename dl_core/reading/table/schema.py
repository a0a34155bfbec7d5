"""What a table of transactions may bring, and the column names by which each role is recognised."""

from __future__ import annotations

from dl_core.reading.tables.keys import KeyNames
from dl_core.reading.tables.names import words_of
from dl_core.schema import Field, Role, Schema

_LABEL = """
    is_fraud isfraud fraud tx_fraud fraud_flag fraudulent is_fraudulent fraud_label fraud_reported fraud_found
    fraud_ind fraud_indicator fraudind flag_fraud potential_fraud is_scam chargeback is_chargeback fraud_bool label
    class target labels outcome ground_truth y is_laundering
"""
_TIME = """
    tx_datetime transaction_time transaction_datetime transaction_date trans_date_trans_time tx_time tx_date timestamp
    datetime date_time time_stamp event_time event_timestamp trans_time trans_date transaction_timestamp
    transaction_dt transactiondt booking_date purchase_date purchase_time payment_date created_at created time date
    when step unix_time claim_date incident_date application_date posted_at
"""
_AMOUNT = """
    tx_amount transaction_amount transactionamt transaction_amt amount amt trans_amount trans_amt tx_amt payment_amount
    amount_usd amount_eur amount_gbp purchase_amount purchase_value payment_value transaction_value value sum total
    amount_paid claim_amount total_claim_amount loan_amount price betrag montant importe
"""
_ENTITY = """
    customer_id customer account_id account card_id cc_num card_number card card_no cardnumber card_num user_id user
    client_id client account_number account_no account_nr accountid customerid cardid userid clientid name_orig
    nameorig sender_id sender sender_account sender_account_id from_account from_account_id orig_account
    payer payer_id cardholder cardholder_id iban policy_holder policyholder_id member_id consumer_id buyer_id card1
"""
_COUNTERPARTY = """
    merchant_id merchant terminal_id terminal name_dest namedest merchant_name merchantid terminalid payee payee_id
    receiver receiver_id receiver_account receiver_account_id to_account_id
    recipient recipient_id to_account beneficiary beneficiary_id shop shop_id
    store store_id seller seller_id vendor vendor_id counterparty counterparty_id dest_account pos_id atm_id provider
    provider_id
"""
_GROUP = """
    gender sex age age_group age_band agegroup customer_age customer_sex customer_gender customer_region
    customer_country customer_state region state country county district nationality ethnicity race marital_status
    income_group age_range customer_segment
"""
_ID = """
    transaction_id tx_id trans_id transactionid trans_num trans_no transaction_no transaction_number transaction_nr
    txid tx_hash id row_id rowid index unnamed_0 payment_id claim_id order_id reference reference_no uuid guid
    application_id record_id event_id
"""

TRANSACTION_SCHEMA = Schema(
    (
        Field(
            Role.LABEL,
            "category",
            help=(
                "Fraud label, in any spelling (0/1, yes/no, fraud/legit). Without it only anomaly detection is "
                "possible."
            ),
            names=tuple(_LABEL.split()),
        ),
        Field(
            Role.TIME,
            "time",
            help="Timestamp. With it, the split is temporal and history features are derived.",
            names=tuple(_TIME.split()),
        ),
        Field(
            Role.AMOUNT,
            "number",
            help="Transaction amount, in any notation.",
            names=tuple(_AMOUNT.split()),
        ),
        Field(
            Role.ENTITY,
            "text",
            help="Account or card: history features are derived from its past transactions.",
            names=tuple(_ENTITY.split()),
        ),
        Field(
            Role.COUNTERPARTY,
            "text",
            help="Counterparty: merchant, terminal or receiver.",
            names=tuple(_COUNTERPARTY.split()),
        ),
        Field(
            Role.GROUP,
            "category",
            many=True,
            help=(
                "Sensitive features (age, sex, region) for the bias check; not used by models unless also named as "
                "features."
            ),
            names=tuple(_GROUP.split()),
        ),
        Field(Role.FEATURE, "number", many=True, help="Further features of the models."),
        Field(
            Role.ID,
            "text",
            help="Transaction id; shown in lists, never used as a feature.",
            names=tuple(_ID.split()),
        ),
    )
)

KEYS = (Role.ENTITY, Role.COUNTERPARTY, Role.ID)
_CODES = ("mcc", "zip", "zipcode", "zip_code", "postcode", "bin", "ip", "ip_address", "phone")
CODES = KeyNames({*_CODES, *(name for role in KEYS for name in words_of(TRANSACTION_SCHEMA, role))}, ("_iban",))
