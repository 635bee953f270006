"""Imports every module that registers pages, a line each."""

import gatewayd.web.panel.audit
import gatewayd.web.panel.bill_forms
import gatewayd.web.panel.bills
import gatewayd.web.panel.blocklist
import gatewayd.web.panel.campaign
import gatewayd.web.panel.campaign_new
import gatewayd.web.panel.campaign_review
import gatewayd.web.panel.campaign_wishes
import gatewayd.web.panel.campaigns
import gatewayd.web.panel.collections
import gatewayd.web.panel.company
import gatewayd.web.panel.contact_person
import gatewayd.web.panel.contact_upload
import gatewayd.web.panel.credit
import gatewayd.web.panel.customer
import gatewayd.web.panel.customer_acts
import gatewayd.web.panel.customer_claims
import gatewayd.web.panel.customer_form
import gatewayd.web.panel.customer_list
import gatewayd.web.panel.customer_merge
import gatewayd.web.panel.customer_send
import gatewayd.web.panel.customers
import gatewayd.web.panel.doubts
import gatewayd.web.panel.effectiveness
import gatewayd.web.panel.home
import gatewayd.web.panel.hooks
import gatewayd.web.panel.hours
import gatewayd.web.panel.hours_form
import gatewayd.web.panel.imports
import gatewayd.web.panel.inbox
import gatewayd.web.panel.jobs
import gatewayd.web.panel.line_forms
import gatewayd.web.panel.lines
import gatewayd.web.panel.log
import gatewayd.web.panel.log_export
import gatewayd.web.panel.log_resend
import gatewayd.web.panel.masssend
import gatewayd.web.panel.me
import gatewayd.web.panel.novelties
import gatewayd.web.panel.number_files
import gatewayd.web.panel.origins
import gatewayd.web.panel.people_lists
import gatewayd.web.panel.preferences
import gatewayd.web.panel.programs
import gatewayd.web.panel.promises
import gatewayd.web.panel.registers
import gatewayd.web.panel.reminders
import gatewayd.web.panel.replies
import gatewayd.web.panel.resets
import gatewayd.web.panel.rules
import gatewayd.web.panel.search
import gatewayd.web.panel.signin
import gatewayd.web.panel.statistics
import gatewayd.web.panel.stream
import gatewayd.web.panel.tasks
import gatewayd.web.panel.template_pages
import gatewayd.web.panel.template_trial
import gatewayd.web.panel.tickets
import gatewayd.web.panel.users
import gatewayd.web.panel.visit_sheet  # noqa: F401 - what is imported is registered
from gatewayd.web.panel.page import PAGES

__all__ = ["PAGES"]
