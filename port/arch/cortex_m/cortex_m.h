/* Registers of the Cortex-M system control space (ARM DDI 0403E, B3.2, B3.3, B3.4). */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

enum {
  SYSTICK_CSR_ENABLE = 1 << 0,
  SYSTICK_CSR_TICKINT = 1 << 1,
  SYSTICK_CSR_CLKSOURCE = 1 << 2, /* the core's clock, else an external one */
  EXCEPTIONS = 16,                /* vectors before the first interrupt line */
};

#define SYSTICK_CSR           UINT32_C(0xe000e010) /* control and status */
#define SYSTICK_RVR           UINT32_C(0xe000e014) /* reload value */
#define SYSTICK_CVR           UINT32_C(0xe000e018) /* current value */
#define NVIC_ISER             UINT32_C(0xe000e100) /* set enable, a bit each line */
#define NVIC_ICER             UINT32_C(0xe000e180) /* clear enable */
#define NVIC_ISPR             UINT32_C(0xe000e200) /* set pending */
#define NVIC_IPR              UINT32_C(0xe000e400) /* priority, a byte each line; 0 comes first */
#define SCB_ICSR              UINT32_C(0xe000ed04) /* interrupt control and state */
#define SCB_ICSR_PENDSTSET    (UINT32_C(1) << 26)
#define SCB_AIRCR             UINT32_C(0xe000ed0c) /* application interrupt and reset control */
#define SCB_AIRCR_SYSRESETREQ UINT32_C(0x05fa0004) /* with its key */
#define SCB_SHPR3             UINT32_C(0xe000ed20) /* that of SysTick, its highest byte, and others */
#define SCB_CFSR              UINT32_C(0xe000ed28) /* configurable fault status */
#define SCB_HFSR              UINT32_C(0xe000ed2c) /* HardFault status */
#define SCB_MMFAR             UINT32_C(0xe000ed34) /* MemManage fault address */
#define SCB_BFAR              UINT32_C(0xe000ed38) /* BusFault address */

/* Memory protection unit (B3.5). */
#define MPU_CTRL            UINT32_C(0xe000ed94)
#define MPU_CTRL_ENABLE     UINT32_C(1)
#define MPU_CTRL_PRIVDEFENA UINT32_C(4) /* privileged code sees the default map elsewhere */
#define MPU_RBAR            UINT32_C(0xe000ed9c)
#define MPU_RBAR_VALID      UINT32_C(0x10) /* the region's number is in the low four bits */
#define MPU_RASR            UINT32_C(0xe000eda0)
#define MPU_RASR_ENABLE     UINT32_C(1)
#define MPU_RASR_SIZE_4K    UINT32_C(11 << 1)

#endif
