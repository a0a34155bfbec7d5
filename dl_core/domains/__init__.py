"""The industries. Importing this package makes them known to `dl_core.domain`."""

from dl_core.domain import register
from dl_core.domains.forecasting import DOMAIN as FORECASTING
from dl_core.domains.fraud_detection import DOMAIN as FRAUD_DETECTION
from dl_core.domains.medical_imaging import DOMAIN as MEDICAL_IMAGING
from dl_core.domains.recommendation import DOMAIN as RECOMMENDATION

DOMAINS = (register(MEDICAL_IMAGING), register(FRAUD_DETECTION), register(RECOMMENDATION), register(FORECASTING))
