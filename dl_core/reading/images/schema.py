"""What an image data set may bring, and the column names by which it is recognised."""

from __future__ import annotations

from dl_core.schema import Field, Role, Schema

_LABEL = """
    label labels class target diagnosis dx category finding finding_labels finding_label classification outcome y
    class_name label_name pathology disease lesion malignant
"""
_UNIT = """
    patient patient_id patientid subject subject_id subjectid person_id participant_id participant case_id case mrn
    lesion_id study_id
"""
_GROUP = """
    sex gender patient_sex patient_gender age patient_age age_approx age_group site hospital centre center institution
    scanner manufacturer device modality view view_position body_part anatom_site_general localization laterality
    ethnicity race skin_type fitzpatrick plane
"""

IMAGE_SCHEMA = Schema(
    (
        Field(Role.IMAGE, "image", required=True, help="The images: files, or a column that names them."),
        Field(
            Role.LABEL,
            "category",
            required=True,
            help="Target: the class of each image.",
            names=tuple(_LABEL.split()),
        ),
        Field(
            Role.UNIT,
            "category",
            help="Patient id: all images of a patient stay in the same split.",
            names=tuple(_UNIT.split()),
        ),
        Field(
            Role.GROUP,
            "category",
            many=True,
            help="Sensitive features for the bias check: sex, age, site, scanner …",
            names=tuple(_GROUP.split()),
        ),
    )
)
