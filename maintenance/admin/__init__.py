"""The admin's pages for services, windows and their rules: a folder for each group of pages."""

# each registers its models
from maintenance.admin.audit import audit_log  # noqa: F401
from maintenance.admin.policies import notice_policies, rule_settings  # noqa: F401
from maintenance.admin.register import customer_pages, service_pages  # noqa: F401
from maintenance.admin.series import series_pages  # noqa: F401
from maintenance.admin.staff import sign_ins, users  # noqa: F401
from maintenance.admin.times import critical_days, repeating  # noqa: F401
from maintenance.admin.windows import changes, window_page  # noqa: F401
