resource "kafka_acl" "bourse_auth_read_topic_audit_events_auth" {
  acl_principal                = "User:bourse-auth"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.auth"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_auth_describe_configs_topic_audit_events_auth" {
  acl_principal                = "User:bourse-auth"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.auth"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_auth_write_topic_audit_events_auth" {
  acl_principal                = "User:bourse-auth"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.auth"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_read_topic_audit_events_reference_data" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.reference-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_describe_configs_topic_audit_events_reference_data" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.reference-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_read_topic_reference_events" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_write_topic_audit_events_reference_data" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.reference-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_reference_data_write_topic_reference_events" {
  acl_principal                = "User:bourse-reference-data"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_audit_events_wallet" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.wallet"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_audit_events_wallet" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.wallet"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_execution_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_execution_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_reference_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_topic_wallet_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_describe_configs_topic_wallet_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_write_topic_audit_events_wallet" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.wallet"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_write_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_write_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_write_topic_trade_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_write_topic_wallet_events" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_wallet_read_group_wallet" {
  acl_principal                = "User:bourse-wallet"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "wallet."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_risk_read_topic_audit_events_risk" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.risk"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_describe_configs_topic_audit_events_risk" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.risk"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_read_topic_order_updates" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_describe_configs_topic_order_updates" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_read_topic_price_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_describe_configs_topic_price_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_read_topic_reference_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_read_topic_risk_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_describe_configs_topic_risk_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_write_topic_audit_events_risk" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.risk"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_risk_write_topic_risk_events" {
  acl_principal                = "User:bourse-risk"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_audit_events_order" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.order"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_audit_events_order" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.order"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_dead_letter_reference_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_dead_letter_reference_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_dead_letter_risk_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_dead_letter_risk_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_execution_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_execution_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_order_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_order_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_order_updates" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_order_updates" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_reference_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_topic_risk_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_describe_configs_topic_risk_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_audit_events_order" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.order"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_dead_letter_reference_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_dead_letter_risk_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_order_events" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_write_topic_order_updates" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_order_read_group_order" {
  acl_principal                = "User:bourse-order"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "order."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_matching_read_topic_book_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_describe_configs_topic_book_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_read_topic_execution_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_describe_configs_topic_execution_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_read_topic_order_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_describe_configs_topic_order_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_read_topic_trade_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_write_topic_book_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_write_topic_execution_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_write_topic_trade_events" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_matching_read_group_matching" {
  acl_principal                = "User:bourse-matching"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "matching."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_portfolio_read_topic_audit_events_portfolio" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.portfolio"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_audit_events_portfolio" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.portfolio"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_topic_portfolio_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_portfolio_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_topic_price_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_price_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_topic_reference_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_topic_trade_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_write_topic_audit_events_portfolio" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.portfolio"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_write_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_write_topic_portfolio_events" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_portfolio_read_group_portfolio" {
  acl_principal                = "User:bourse-portfolio"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "portfolio."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_market_data_read_topic_audit_events_market_data" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.market-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_audit_events_market_data" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.market-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_topic_book_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_book_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_topic_price_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_price_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_topic_reference_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_topic_trade_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_write_topic_audit_events_market_data" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.market-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_write_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_write_topic_price_events" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_market_data_read_group_market_data" {
  acl_principal                = "User:bourse-market-data"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "market-data."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_audit_events_drop_copy" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.drop-copy"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_audit_events_drop_copy" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.drop-copy"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_cash_balance" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_cash_balance" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_dead_letter_order_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_dead_letter_order_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_dead_letter_wallet_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_dead_letter_wallet_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_execution_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_execution_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_order_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_order_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_orders" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_orders" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_trade_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_trades" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_trades" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_topic_wallet_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_describe_configs_topic_wallet_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_audit_events_drop_copy" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.drop-copy"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_cash_balance" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_dead_letter_order_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_dead_letter_wallet_events" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_orders" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_write_topic_trades" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_drop_copy_read_group_drop_copy" {
  acl_principal                = "User:bourse-drop-copy"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "drop-copy."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_auth" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.auth"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_auth" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.auth"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_drop_copy" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.drop-copy"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_drop_copy" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.drop-copy"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_gateway" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.gateway"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_gateway" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.gateway"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_market_data" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.market-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_market_data" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.market-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_matching" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.matching"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_matching" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.matching"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_order" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.order"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_order" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.order"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_portfolio" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.portfolio"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_portfolio" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.portfolio"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_reference_data" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.reference-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_reference_data" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.reference-data"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_risk" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.risk"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_risk" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.risk"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_audit_events_wallet" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.wallet"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_audit_events_wallet" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.wallet"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_book_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_book_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_cash_balance" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_cash_balance" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_book_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_book_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-book-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_cash_balance" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_cash_balance" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_execution_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_order_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_order_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_order_updates" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_order_updates" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_orders" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_orders" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_portfolio_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_portfolio_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_price_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_price_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_reference_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_reference_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_risk_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_risk_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_sim_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim.trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_sim_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim.trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_trades" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_trades" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_dead_letter_wallet_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_dead_letter_wallet_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_execution_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_execution_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "execution-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_order_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_order_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_order_updates" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_order_updates" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "order-updates"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_orders" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_orders" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_portfolio_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_portfolio_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "portfolio-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_price_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_price_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "price-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_reference_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_reference_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "reference-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_risk_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_risk_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "risk-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_sim_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim.trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_sim_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim.trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_trades" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_trades" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_read_topic_wallet_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_configs_topic_wallet_events" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "wallet-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_gateway_describe_group_all" {
  acl_principal                = "User:bourse-gateway"
  acl_host                     = "*"
  acl_operation                = "Describe"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "*"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_trade_events" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_trade_events" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_write_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_write_topic_dead_letter_trade_events" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-trade-events"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_group_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "trade-processor."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_generator_create_topic_sim" {
  acl_principal                = "User:bourse-generator"
  acl_host                     = "*"
  acl_operation                = "Create"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_generator_describe_configs_topic_sim" {
  acl_principal                = "User:bourse-generator"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_generator_read_topic_sim" {
  acl_principal                = "User:bourse-generator"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_generator_write_topic_sim" {
  acl_principal                = "User:bourse-generator"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_create_topic_dead_letter_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Create"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_create_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Create"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_dead_letter_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_describe_configs_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "DescribeConfigs"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_dead_letter_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_write_topic_dead_letter_sim" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "dead-letter-sim."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_write_topic_audit_events_trade_processor" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Write"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "audit-events.trade-processor"
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_orders" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "orders"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_trades" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "trades"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_topic_cash_balance" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Topic"
  resource_name                = "cash_balance"
  resource_pattern_type_filter = "Literal"
}

resource "kafka_acl" "bourse_trade_processor_read_group_bourse_process" {
  acl_principal                = "User:bourse-trade-processor"
  acl_host                     = "*"
  acl_operation                = "Read"
  acl_permission_type          = "Allow"
  resource_type                = "Group"
  resource_name                = "bourse-process."
  resource_pattern_type_filter = "Prefixed"
}

resource "kafka_quota" "bourse_auth" {
  entity_name = "bourse-auth"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "5000000"
    "consumer_byte_rate" = "25000000"
    "request_percentage" = "100"
  }
}

resource "kafka_quota" "bourse_reference_data" {
  entity_name = "bourse-reference-data"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "25000000"
    "consumer_byte_rate" = "25000000"
    "request_percentage" = "100"
  }
}

resource "kafka_quota" "bourse_wallet" {
  entity_name = "bourse-wallet"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "45000000"
    "consumer_byte_rate" = "45000000"
    "request_percentage" = "150"
  }
}

resource "kafka_quota" "bourse_risk" {
  entity_name = "bourse-risk"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "25000000"
    "consumer_byte_rate" = "65000000"
    "request_percentage" = "100"
  }
}

resource "kafka_quota" "bourse_order" {
  entity_name = "bourse-order"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "45000000"
    "consumer_byte_rate" = "65000000"
    "request_percentage" = "250"
  }
}

resource "kafka_quota" "bourse_matching" {
  entity_name = "bourse-matching"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "65000000"
    "consumer_byte_rate" = "25000000"
    "request_percentage" = "150"
  }
}

resource "kafka_quota" "bourse_portfolio" {
  entity_name = "bourse-portfolio"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "25000000"
    "consumer_byte_rate" = "65000000"
    "request_percentage" = "150"
  }
}

resource "kafka_quota" "bourse_market_data" {
  entity_name = "bourse-market-data"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "25000000"
    "consumer_byte_rate" = "65000000"
    "request_percentage" = "150"
  }
}

resource "kafka_quota" "bourse_drop_copy" {
  entity_name = "bourse-drop-copy"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "65000000"
    "consumer_byte_rate" = "85000000"
    "request_percentage" = "200"
  }
}

resource "kafka_quota" "bourse_gateway" {
  entity_name = "bourse-gateway"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "5000000"
    "consumer_byte_rate" = "785000000"
    "request_percentage" = "100"
  }
}

resource "kafka_quota" "bourse_trade_processor" {
  entity_name = "bourse-trade-processor"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "100000000"
    "consumer_byte_rate" = "100000000"
    "request_percentage" = "100"
  }
}

resource "kafka_quota" "bourse_generator" {
  entity_name = "bourse-generator"
  entity_type = "user"
  config = {
    "producer_byte_rate" = "100000000"
    "consumer_byte_rate" = "100000000"
    "request_percentage" = "100"
  }
}
