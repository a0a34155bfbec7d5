"""Copy the DICOM files to try an upload with out of the wheel `pydicom-data`, and empty their personal header fields.

    pip download pydicom-data==1.0.0 --no-deps --dest wheels && unzip -q wheels/pydicom_data*.whl -d pydicom_data
    python sample_data/medical_imaging/pick_dicom.py --pydicom-data pydicom_data

The pixel data are left as they are, byte for byte. SOURCE.md says where each file comes from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pydicom

HERE = Path(__file__).resolve().parent
NAMES = {
    "explicit_VR-UN.dcm": "ct_abdomen_jpeg2000.dcm",
    "emri_small_RLE.dcm": "mr_head_ten_frames_rle.dcm",
    "color-px.dcm": "us_doppler_rgb_planar.dcm",
    "RG3_J2KI.dcm": "cr_leg_monochrome1_jpeg2000.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm": "us_heart_jpeg_lossless.dcm",
}
EMPTIED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "AccessionNumber",
    "InstitutionName",
    "InstitutionAddress",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "StationName",
    "StudyID",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "AcquisitionDateTime",
    "ContentDate",
    "InstanceCreationDate",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepID",
)


def pick(source: Path, target: Path) -> None:
    """Copy one file with personal fields emptied, private fields removed, and the file's name as patient id."""
    data = pydicom.dcmread(source)
    data.remove_private_tags()
    for keyword in EMPTIED:
        for part in [data, *(item for element in data.iterall() if element.VR == "SQ" for item in element.value)]:
            if keyword in part:
                part[keyword].value = ""
    data.PatientID = f"sample-{target.stem.split('_')[0]}-{target.stem.split('_')[1]}"
    data.PatientIdentityRemoved = "YES"
    data.save_as(target)


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pydicom-data", type=Path, required=True, help="folder of the unpacked wheel")
    parser.add_argument("--out", type=Path, default=HERE / "dicom")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, target in NAMES.items():
        source = next(iter(sorted(given.pydicom_data.rglob(name))), None)
        if source is None:
            raise SystemExit(f"{given.pydicom_data}: {name} not found; give the unpacked pydicom-data wheel")
        pick(source, given.out / target)


if __name__ == "__main__":
    main()
