"""Apollo's people and companies to our field names."""

from integrations.apollo.schemas import ApolloOrganization, ApolloPerson

SAFE_EMAIL = "verified"
"""The only e-mail status fit for outreach."""


def company_fields(company: ApolloOrganization) -> dict[str, str]:
    """Return the company's fields in our names; what Apollo does not know is absent."""
    found = {
        "company_name": company.name,
        "company_website": company.website_url,
        "company_domain": company.primary_domain,
        "industry": company.industry,
        "company_size": None if company.estimated_num_employees is None else str(company.estimated_num_employees),
        "annual_revenue": None if company.annual_revenue is None else f"{company.annual_revenue:.0f}",
        "street": company.street_address,
        "city": company.city,
        "state": company.state,
        "postal_code": company.postal_code,
        "country": company.country,
        "company_phone": company.phone,
        "company_linkedin_url": company.linkedin_url,
    }
    return {name: value for name, value in found.items() if value}


def person_fields(person: ApolloPerson) -> dict[str, str]:
    """Return the person's fields in our names; an address only where Apollo calls it verified."""
    found = {
        "contact_name": person.name,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "contact_title": person.title,
        "contact_email": person.email if person.email_status == SAFE_EMAIL else None,
        "linkedin_url": person.linkedin_url,
    }
    return {name: value for name, value in found.items() if value}
