"""What the upload of images says and offers besides files."""

FOLDER = "Subfolders are kept: they may name classes."  # help on uploading a whole folder
PRIVACY = "Personal fields of DICOM headers are neither stored nor shown. "
