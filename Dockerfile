# One image for the worker, the Prefect server and every command.
FROM python:3.13-slim

RUN python -m venv /opt/venv && useradd --create-home --uid 10001 sales-agent \
    && mkdir /app /data && chown sales-agent /data
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SALES_AGENT_HOME=/data

WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY prefect.yaml .
COPY core core
COPY db db
COPY integrations integrations
COPY tasks tasks
COPY flows flows
COPY langgraph_prefect langgraph_prefect
COPY sandbox sandbox
COPY agents agents
COPY app app
RUN printf '#!/opt/venv/bin/python\nfrom app.main import main\n\nmain()\n' > /opt/venv/bin/sales-agent \
    && chmod 755 /opt/venv/bin/sales-agent

USER sales-agent
VOLUME /data
HEALTHCHECK NONE
CMD ["sales-agent", "--help"]
